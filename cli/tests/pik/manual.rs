//! What packages bring beside the program: manual pages, and completions for shells.

use std::fs;

use crate::server::pik;

#[test]
fn every_command_has_a_page_and_is_completed() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    assert!(pik(["man"]).arg(&pages).status().unwrap().success());
    let main = fs::read_to_string(pages.join("pik.1")).unwrap();
    let completions = ["bash", "zsh", "fish"].map(|shell| {
        let output = pik(["completions", shell]).output().unwrap();
        assert!(output.status.success(), "{shell}");
        String::from_utf8(output.stdout).unwrap()
    });
    for command in ["serve", "send", "health", "verify", "completions"] {
        let page = fs::read_to_string(pages.join(format!("pik-{command}.1"))).unwrap();
        assert!(page.contains(".SH OPTIONS"), "{page}");
        assert!(main.contains(&format!("pik\\-{command}(1)")), "{main}");
        assert!(completions.iter().all(|script| script.contains(command)), "{command}");
    }
    let serve = fs::read_to_string(pages.join("pik-serve.1")).unwrap();
    assert!(serve.contains("PIK_LISTEN"), "variables stand beside their options");
    // Default values are not of the machine that wrote the page.
    let of_another = folder.path().join("other");
    let other = pik(["man"]).arg(&of_another).env("PIK_LISTEN", "127.0.0.1:7").env("PIK_TOKENS", "secret").status();
    assert!(other.unwrap().success());
    assert_eq!(fs::read_to_string(of_another.join("pik-serve.1")).unwrap(), serve);
}

#[test]
fn a_folder_that_cannot_be_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = pik(["man"]).arg(file.path().join("man")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("cannot write into"), "{said}");
}
