//! The two carriers over byte streams: one request, or one request per line.

use std::io::{self, BufRead, Read, Write};

use crate::core::context::Settings;
use crate::core::envelope::{MAX_REQUEST, refuse_overlong};
use crate::respond;

/// Answers held back while more requests are already in memory; beyond this they are written at once.
const FLUSH_AT: usize = 64 << 10;

/// Reads one request to the end of the stream and writes one answer and a newline.
pub fn once(settings: &Settings, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut text = Vec::new();
    // One byte more than allowed tells a full request from an overlong one; the rest is never read.
    let cap = (MAX_REQUEST as u64).saturating_add(1);
    input.take(cap).read_to_end(&mut text)?;
    let mut answer = respond(settings, &text);
    answer.push(b'\n');
    output.write_all(&answer)?;
    output.flush()
}

/// Answers each line with exactly one line, in order, until the input ends.
///
/// Answers are flushed whenever the next whole line is not in memory yet: a caller that waits is never kept waiting,
/// and a caller that sends many lines at once is not slowed by a write per line.
pub fn lines<R: Read>(settings: &Settings, input: &mut io::BufReader<R>, output: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    let mut answers = Vec::new();
    loop {
        line.clear();
        match read_line(input, &mut line)? {
            Line::End => break,
            Line::Whole => answers.extend_from_slice(&respond(settings, &line)),
            Line::Overlong => answers.extend_from_slice(&refuse_overlong(settings)),
        }
        answers.push(b'\n');
        if answers.len() >= FLUSH_AT || !input.buffer().contains(&b'\n') {
            output.write_all(&answers)?;
            output.flush()?;
            answers.clear();
        }
    }
    output.write_all(&answers)?;
    output.flush()
}

enum Line {
    End,
    Whole,
    /// Longer than allowed: read past and dropped.
    Overlong,
}

/// Reads up to the next newline, which is not kept. Holds at most [`MAX_REQUEST`] bytes of it and one more.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    let cap = (MAX_REQUEST as u64).saturating_add(1);
    let read = input.by_ref().take(cap).read_until(b'\n', line)?;
    Ok(if read == 0 {
        Line::End
    } else if line.last() == Some(&b'\n') {
        line.pop();
        Line::Whole
    } else if line.len() > MAX_REQUEST {
        line.clear();
        input.skip_until(b'\n')?;
        Line::Overlong
    } else {
        Line::Whole
    })
}
