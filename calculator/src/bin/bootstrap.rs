//! The AWS Lambda carrier (feature `lambda`): hands events to [`crypto_calculator::carriers::http_event`].
//!
//! Lambda calls this binary `bootstrap`, and starts one process per concurrent request, so one thread is enough.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::SystemTime;

use crypto_calculator::carriers::http_event;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

/// Variables that Lambda sets and its runtime library takes for granted.
const REQUIRED: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

fn main() -> ExitCode {
    if let Some(name) = REQUIRED.iter().find(|name| std::env::var_os(name).is_none()) {
        return fail(&format!(
            "{name} is not set: this binary runs inside AWS Lambda or its emulator; see docs/lambda.md"
        ));
    }
    // A caught panic is answered as `internal`; its text could hold parts of a request, so it goes nowhere.
    std::panic::set_hook(Box::new(|_| {}));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    match runtime.block_on(lambda_runtime::run(service_fn(handle))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "bootstrap: {message}");
    ExitCode::FAILURE
}

/// The event stays text, so that a direct request is read by the calculator's own strict reader, as everywhere.
async fn handle(event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Error> {
    let remaining = http_event::remaining(event.context.deadline, SystemTime::now());
    let answer = http_event::respond_event(&http_event::settings(remaining), event.payload.get().as_bytes());
    Ok(RawValue::from_string(String::from_utf8(answer)?)?)
}
