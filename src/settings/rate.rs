//! How many requests a target may get: `600/min`, `10/s`.

use std::fmt;
use std::str::FromStr;

/// Requests per minute, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate {
    per_minute: u32,
}

impl Rate {
    /// Requests per minute.
    pub fn per_minute(self) -> u32 {
        self.per_minute
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = || "a rate such as 600/min or 10/s is wanted".to_owned();
        let (count, unit) = text.split_once('/').ok_or_else(wanted)?;
        let count: u32 = count.trim().parse().map_err(|_| wanted())?;
        let times = match unit.trim() {
            "min" => 1,
            "s" => 60,
            _ => return Err(wanted()),
        };
        match count.checked_mul(times) {
            Some(0) => Err("a rate of 0 lets nothing through".to_owned()),
            Some(per_minute) => Ok(Self { per_minute }),
            None => Err("the rate is too high".to_owned()),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/min", self.per_minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_a_unit() {
        let read = |text: &str| text.parse::<Rate>().map(Rate::per_minute);
        for (text, per_minute) in [("600/min", 600), ("10/s", 600), ("1 / min", 1)] {
            assert_eq!(read(text), Ok(per_minute), "{text}");
        }
        for text in [
            "600",
            "",
            "/min",
            "0/min",
            "-1/min",
            "1/h",
            "4294967295/s",
            "1.5/s",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
