// Running a tool, and showing what it said only when it failed.
import { spawn } from "node:child_process";

const LIMIT_MS = 600_000;

/** Runs a program to its end and returns what it printed. */
export function run(program, args, { cwd, env = {} }) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MS });
    let printed = "";
    let told = "";
    child.stdout.on("data", (piece) => (printed += piece));
    child.stderr.on("data", (piece) => (told += piece));
    child.once("error", failed);
    child.once("close", (code, signal) => {
      if (code === 0) done(printed);
      else failed(new Error(`${program} ${args.join(" ")} ended with ${code ?? signal}:\n${printed}${told}`));
    });
  });
}

/** Starts a program that goes on, waits for a line that matches, and returns the match and how to end the program. */
export function start(program, args, { cwd, env = {} }, line) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise((over) => child.once("close", over));
    const stop = async () => {
      child.kill("SIGTERM");
      await ended;
    };
    let told = "";
    const timer = setTimeout(() => stop().then(() => failed(new Error(`${program} did not say ${line}:\n${told}`))), LIMIT_MS);
    const read = (piece) => {
      told += piece;
      const match = line.exec(told);
      if (match === null) return;
      clearTimeout(timer);
      done({ match, stop });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", failed);
    child.once("close", (code) => failed(new Error(`${program} ended with ${code}:\n${told}`)));
  });
}
