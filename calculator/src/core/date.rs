//! Days of the Gregorian calendar, in the one form that every op takes: YYYY-MM-DD. YYYYMMDD is read too.

/// A day that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    year: u64,
    month: u64,
    day: u64,
}

impl Date {
    /// Reads YYYY-MM-DD or YYYYMMDD; `None` for another form, or for a day that does not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = match text.as_bytes() {
            [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => [y, &[*m1, *m2, *d1, *d2]].concat(),
            all if all.len() == 8 => all.to_vec(),
            _ => return None,
        };
        let number = digits
            .iter()
            .try_fold(0u64, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0')))?;
        let date = Self { year: number / 10_000, month: number / 100 % 100, day: number % 100 };
        (1..=date.days()).contains(&date.day).then_some(date)
    }

    /// Days of the month; 0 for no month.
    fn days(self) -> u64 {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => 0,
        }
    }

    pub fn year(self) -> u64 {
        self.year
    }

    /// YYYYMMDD as a number, which orders like the dates.
    pub fn number(self) -> u64 {
        self.year * 10_000 + self.month * 100 + self.day
    }

    /// YYYY-MM-DD.
    pub fn text(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
