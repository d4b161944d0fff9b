//! The function as it is deployed: its size, and how long it takes to its first answer.

use anyhow::Result;

use super::{Args, Part};
use crate::build_lambda;
use crate::command::{Run, cargo, program};
use crate::stand_ins::StandIns;
use crate::workspace;

pub(super) const PART: Part = Part { name: "lambda", about: "the function's size and cold start", run };

const STARTS: &str = "20";

fn run(_: &Args) -> Result<()> {
    let zip = build_lambda::build(build_lambda::Architecture::of_this_machine()?)?;
    let folder = workspace::target().join("bench-lambda");
    program("python3").args(["-m", "zipfile", "-e"]).arg(&zip).arg(&folder).run()?;
    let function = folder.join("bootstrap");
    program("chmod").arg("755").arg(&function).run()?;
    println!("{} bytes zipped, {} unpacked", zip.metadata()?.len(), function.metadata()?.len());

    let stand_ins = StandIns::start()?;
    let mut command = cargo();
    command
        .args(["test", "--quiet", "--workspace", "--features", "pik/aws"])
        .args(["--test", "emulator", "cold_start", "--", "--ignored", "--nocapture"])
        .env("PIK_TEST_STARTS", STARTS)
        .env("PIK_TEST_LAMBDA", function);
    stand_ins.tell(&mut command);
    command.run()
}
