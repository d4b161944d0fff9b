//! SeaweedFS for S3: right on create-only puts under races, on versions, Object Lock and checksums.

use std::path::Path;

use anyhow::{Result, ensure};
use pik_test_support::{bound_to_us, free_ports};

use super::{ACCESS_KEY, SECRET_KEY, Server, call, folder};

pub(super) const NAME: &str = "SeaweedFS";

pub(super) fn start(bin: &Path) -> Result<Server> {
    let folder = folder("seaweedfs")?;
    std::fs::create_dir_all(folder.join("data"))?;
    // Unsigned requests may use one bucket, to see whether the server works.
    let users = format!(
        r#"{{"identities":[
            {{"name":"test","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],
              "actions":["Admin","Read","Write","List","Tagging"]}},
            {{"name":"anonymous","actions":["Admin:probe","Read:probe","Write:probe","List:probe"]}}]}}"#
    );
    std::fs::write(folder.join("users.json"), users)?;

    let mut command = bound_to_us(bin.join("weed"));
    command.args(["-logtostderr=true", "server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]);
    command.args(["-filer", "-s3", "-s3.config=users.json", "-master.telemetry=false"]);
    // Every bucket takes seven volumes, which grow as they fill. A bucket that gets none takes no object.
    command.args(["-master.volumeSizeLimitMB=64", "-volume.max=2000"]);
    let names = ["master.port", "volume.port", "filer.port", "s3.port"];
    let all: [u16; 11] = free_ports()?;
    for (name, pair) in names.iter().zip(all.chunks_exact(2)) {
        command.arg(format!("-{name}={}", pair[0])).arg(format!("-{name}.grpc={}", pair[1]));
    }
    // Interfaces that are not used here, and that would take ports of their own choice.
    command.args([format!("-s3.port.iceberg={}", all[8]), format!("-s3.port.lance={}", all[9])]);
    let url = format!("http://127.0.0.1:{}", all[6]);
    Server::start(NAME, url, folder, command, round_trip)
}

fn round_trip(url: &str) -> Result<()> {
    call(url, "PUT", "/probe", &[], "")?;
    call(url, "PUT", "/probe/object", &[], "here")?;
    let body = call(url, "GET", "/probe/object", &[], "")?;
    ensure!(body == "here", "an object came back as {body:?}");
    Ok(())
}
