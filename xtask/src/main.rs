#![doc = include_str!("../README.md")]
#![allow(clippy::print_stdout, reason = "a command line tool talks on its standard output")]

use std::process::ExitCode;

use clap::Parser;

mod bench;
mod build_console;
mod build_lambda;
mod build_wasm;
mod build_worker;
mod command;
mod dist;
mod setup;
mod soak;
mod stand_ins;
mod suites;
mod version;
mod workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "set-up, tests, benchmarks and builds")]
enum Task {
    Setup(setup::Args),
    Test(suites::Args),
    Soak(soak::Args),
    Bench(bench::Args),
    BuildLambda(build_lambda::Args),
    BuildWasm(build_wasm::Args),
    BuildConsole(build_console::Args),
    BuildWorker(build_worker::Args),
    Dist(dist::Args),
    Image(dist::image::Args),
    Version(version::Args),
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Setup(args) => setup::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Test(args) => suites::run(&args),
        Task::Soak(args) => soak::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Bench(args) => bench::run(&args).map(|()| ExitCode::SUCCESS),
        Task::BuildLambda(args) => build_lambda::run(&args).map(|()| ExitCode::SUCCESS),
        Task::BuildWasm(args) => build_wasm::run(&args).map(|()| ExitCode::SUCCESS),
        Task::BuildConsole(args) => build_console::run(&args).map(|()| ExitCode::SUCCESS),
        Task::BuildWorker(args) => build_worker::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Dist(args) => dist::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Image(args) => dist::image::run(&args).map(|()| ExitCode::SUCCESS),
        Task::Version(args) => version::run(&args).map(|()| ExitCode::SUCCESS),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
