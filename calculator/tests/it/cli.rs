//! The real binary: modes, flags, order, and answers that are equal to the byte across processes.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

fn run(flags: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crypto_calculator_cli"))
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A writer of its own: neither side may wait for the other's full pipe.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn stdout(flags: &[&str], input: &str) -> String {
    let output = run(flags, input.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn one_request() {
    assert_eq!(stdout(&[], r#"{"op":"ping","args":{}}"#), "{\"ok\":true,\"result\":\"pong\"}\n");
    assert_eq!(stdout(&[], "{\"op\":\"ping\",\"args\":{}}\n"), "{\"ok\":true,\"result\":\"pong\"}\n");
    assert!(stdout(&[], "").starts_with("{\"ok\":false"));
}

#[test]
fn lines_are_answered_in_order() {
    let mut input = String::new();
    let mut wanted = Vec::new();
    for i in 0..5_000 {
        match i % 3 {
            0 => writeln!(input, r#"{{"op":"ping","args":{{}},"id":"{i}"}}"#).unwrap(),
            1 => writeln!(input, r#"{{"op":"hash","args":{{"data":"utf8:{i}"}},"id":"{i}"}}"#).unwrap(),
            _ => writeln!(input, r#"{{"op":"nothing","id":"{i}"}}"#).unwrap(),
        }
        wanted.push(format!("\"id\":\"{i}\"}}"));
    }
    let output = stdout(&["--jsonl"], &input);
    assert_eq!(output.lines().count(), wanted.len());
    for (line, end) in output.lines().zip(&wanted) {
        assert!(line.ends_with(end), "{line} should end with {end}");
    }
}

/// A caller that waits for each answer before it goes on must get it.
#[test]
fn answers_are_flushed() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crypto_calculator_cli"))
        .arg("--jsonl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (done, watch) = std::sync::mpsc::channel();
    // The talk runs next to, so that an answer held back fails the test instead of hanging it.
    std::thread::spawn(move || {
        for i in 0..50 {
            // In two writes, so that half a line waits in the buffer.
            write!(stdin, "{{\"op\":\"ping\",").unwrap();
            stdin.flush().unwrap();
            writeln!(stdin, "\"args\":{{}},\"id\":\"{i}\"}}").unwrap();
            stdin.flush().unwrap();
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            assert!(line.contains(&format!("\"id\":\"{i}\"")), "{line}");
        }
        done.send(()).unwrap();
    });
    let talked = watch.recv_timeout(std::time::Duration::from_secs(20));
    if talked.is_err() {
        child.kill().unwrap();
    }
    assert!(child.wait().unwrap().success() && talked.is_ok());
}

#[test]
fn seeded_answers_are_equal_across_processes() {
    let mut input = String::new();
    for i in 0..200 {
        let seed = format!("{:064x}", i / 2);
        writeln!(input, r#"{{"op":"random_bytes","args":{{"len":{}}},"seed":"{seed}"}}"#, i + 1).unwrap();
        writeln!(input, r#"{{"op":"commit_hash","args":{{"msg":"utf8:{i}"}},"seed":"{seed}"}}"#).unwrap();
    }
    writeln!(
        input,
        r#"{{"op":"batch","args":{{"requests":[{{"op":"random_bytes","args":{{"len":9}}}}]}},"seed":"07"}}"#
    )
    .unwrap();
    let first = stdout(&["--jsonl", "--seeded"], &input);
    assert!(first.lines().all(|line| line.ends_with("\"deterministic\":true}")), "{first}");
    assert_eq!(first, stdout(&["--jsonl", "--seeded"], &input));
    // One process per request answers the same.
    let lines: Vec<&str> = input.lines().collect();
    for at in [0, 7, 399, 400] {
        assert_eq!(stdout(&["--seeded"], lines[at]).trim_end(), first.lines().nth(at).unwrap());
    }
}

#[test]
fn flags() {
    assert!(stdout(&["--version"], "").starts_with("crypto_calculator "));
    assert!(stdout(&["--help"], "").contains("usage:"));
    assert!(stdout(&["--ops"], "").starts_with("{\"catalogue\":\""));
    let all = stdout(&["--tool-description"], "");
    let some = stdout(&["--tool-description", "--families", "numbers"], "");
    assert!(all.contains("\nhash(") && some.contains("\nmodpow(") && !some.contains("\nhash("));
    for bad in [&["--nonsense"][..], &["stray"], &["--families"], &["--families", "x", "--tool-description"], &["-h"]]
    {
        let output = run(bad, b"");
        assert_eq!(output.status.code(), Some(2), "{bad:?}");
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8(output.stderr).unwrap().contains("usage:"));
    }
}

#[test]
fn a_reader_that_leaves_is_no_fault() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crypto_calculator_cli"))
        .arg("--ops")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
