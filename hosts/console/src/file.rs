//! The files of the page.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use sha2::{Digest, Sha256};

/// A file as it is answered.
pub(crate) struct File {
    /// Behind `/console/`; empty for the page itself.
    name: &'static str,
    pub(crate) content_type: HeaderValue,
    pub(crate) content: &'static [u8],
    pub(crate) entity_tag: HeaderValue,
}

static FILES: LazyLock<[File; 6]> = LazyLock::new(|| {
    [
        File::new("", "text/html; charset=utf-8", include_bytes!("../dist/index.html")),
        File::new("console.js", "text/javascript; charset=utf-8", include_bytes!("../dist/console.js")),
        File::new("worker.js", "text/javascript; charset=utf-8", include_bytes!("../dist/worker.js")),
        File::new("index.css", "text/css; charset=utf-8", include_bytes!("../dist/index.css")),
        File::new("icon.svg", "image/svg+xml", include_bytes!("../dist/icon.svg")),
        File::new("pik_wasm_bg.wasm", "application/wasm", include_bytes!("../dist/pik_wasm_bg.wasm")),
    ]
});

impl File {
    fn new(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(content).into();
        let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let entity_tag = HeaderValue::try_from(format!("\"{hex}\"")).expect("hexadecimal digits are a header's");
        Self { name, content_type: HeaderValue::from_static(content_type), content, entity_tag }
    }

    /// The file of a name.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        FILES.iter().find(|file| file.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::FILES;

    #[test]
    fn every_built_file_is_served() {
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/dist");
        let mut names: Vec<String> =
            fs::read_dir(built).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let mut served: Vec<&str> =
            FILES.iter().map(|file| if file.name.is_empty() { "index.html" } else { file.name }).collect();
        served.sort_unstable();
        assert_eq!(names, served);
    }
}
