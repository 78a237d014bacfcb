#![no_main]

crypto_calculator_fuzz::group!('K');
