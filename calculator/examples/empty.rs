//! Does nothing: what a start costs without the calculator (scripts/bench_calculator.py).

fn main() {}
