#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| crypto_calculator_fuzz::edge(data));
