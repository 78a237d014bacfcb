//! The command line: one request on standard input, or one per line, or a look at the table.

use std::io::{self, BufReader, Write};
use std::process::ExitCode;

use crypto_calculator::Settings;
use crypto_calculator::carriers::serve;
use crypto_calculator::core::catalogue;
use crypto_calculator::core::op::{Family, family};
use crypto_calculator::ops::REGISTRY;

const USAGE: &str = "\
usage: crypto_calculator_cli [--jsonl] [--seeded]
       crypto_calculator_cli --version | --help | --ops
       crypto_calculator_cli --tool-description [--families a,b]

Reads one JSON request from standard input and writes one JSON answer.

  --jsonl             one request per line, exactly one answer per line, in order
  --seeded            randomness comes from the `seed` of each request, and from nowhere else
  --ops               print the catalogue as JSON
  --tool-description  print the catalogue as text for players
  --families a,b      keep only these families in the text
  --version, --help

A request that fails is still answered, with exit code 0. Exit code 2: unknown flags. Exit code 1: a broken stream.
";

/// Large enough to hold many small requests, so that a caller who pipelines is read and answered in batches.
const BUFFER: usize = 64 << 10;

enum Command {
    Once,
    Lines,
    Print(String),
}

fn main() -> ExitCode {
    // A caught panic is answered as `internal`; its text could hold parts of a request, so it goes nowhere.
    std::panic::set_hook(Box::new(|_| {}));
    let (command, settings) = match parse(lexopt::Parser::from_env()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let _ = write!(io::stderr(), "{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match execute(command, &settings) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader went away: nothing is left to tell it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "crypto_calculator_cli: {error}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command, settings: &Settings) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match command {
        Command::Once => serve::once(settings, &mut io::stdin().lock(), &mut output),
        Command::Lines => serve::lines(settings, &mut BufReader::with_capacity(BUFFER, io::stdin()), &mut output),
        Command::Print(text) => {
            output.write_all(text.as_bytes())?;
            output.flush()
        }
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<(Command, Settings), lexopt::Error> {
    use lexopt::Arg::Long;
    let mut settings = Settings::default();
    let (mut lines, mut describe, mut families) = (false, false, None);
    let mut print = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Long("jsonl") => lines = true,
            Long("seeded") => settings.seeded = true,
            Long("tool-description") => describe = true,
            Long("families") => families = Some(read_families(&mut parser)?),
            Long("ops") => print = Some(format!("{}\n", catalogue::json(&REGISTRY).render())),
            Long("version") => print = Some(format!("crypto_calculator {}\n", env!("CARGO_PKG_VERSION"))),
            Long("help") => print = Some(USAGE.to_owned()),
            _ => return Err(arg.unexpected()),
        }
    }
    if families.is_some() && !describe {
        return Err("--families belongs to --tool-description".into());
    }
    let command = match (print, describe, lines) {
        (Some(text), _, _) => Command::Print(text),
        (None, true, _) => Command::Print(catalogue::tool_description(&REGISTRY, families.as_deref())),
        (None, false, true) => Command::Lines,
        (None, false, false) => Command::Once,
    };
    Ok((command, settings))
}

fn read_families(parser: &mut lexopt::Parser) -> Result<Vec<Family>, lexopt::Error> {
    use lexopt::ValueExt;
    let list = parser.value()?.string()?;
    catalogue::parse_families(&list).map_err(|name| {
        let known: Vec<&str> = family::ALL.iter().map(|family| family.name).collect();
        format!("unknown family {name:?}; known: {}", known.join(", ")).into()
    })
}
