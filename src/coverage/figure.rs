//! So many of so many, in percent, and the minimum that is asked for.

use std::fmt;
use std::str::FromStr;

use super::Kind;

/// How many are touched, of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figure {
    /// Touched.
    pub touched: usize,
    /// All.
    pub of: usize,
}

impl Figure {
    /// Percent with one decimal, rounded down, so that 100 means all; `None` where there is nothing to touch.
    #[expect(clippy::cast_precision_loss, reason = "at most 1000")]
    pub fn percent(self) -> Option<f64> {
        let tenths = self.touched.saturating_mul(1000).checked_div(self.of)?;
        Some(tenths as f64 / 10.0)
    }

    /// Whether it is at least so many percent. Where there is nothing to touch, nothing is missing.
    #[expect(clippy::cast_precision_loss, reason = "an export has far fewer resources")]
    pub fn reaches(self, percent: f64) -> bool {
        self.touched as f64 * 100.0 >= percent * self.of as f64
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.percent() {
            Some(percent) => write!(formatter, "{percent} % ({} of {})", self.touched, self.of),
            None => formatter.write_str("nothing to touch"),
        }
    }
}

/// What `--min` asks for: a percentage of one kind, or of the total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minimum {
    /// The kind; `None` is the total.
    pub kind: Option<Kind>,
    /// From 0 to 100.
    pub percent: f64,
}

impl Minimum {
    /// The figure it is about: `total`, or a kind's key.
    pub fn figure_name(&self) -> String {
        self.kind.map_or_else(|| "total".to_owned(), Kind::key)
    }
}

impl FromStr for Minimum {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, number) = match text.split_once('=') {
            Some(("total", number)) => (None, number),
            Some((kind, number)) => (Some(kind.trim().parse()?), number),
            None => (None, text),
        };
        let number = number.trim().trim_end_matches('%').trim_end();
        let percent = number.parse::<f64>().ok();
        match percent.filter(|percent| (0.0..=100.0).contains(percent)) {
            Some(percent) => Ok(Self { kind, percent }),
            None => Err("a number from 0 to 100 is wanted, such as 80, or KIND=80".to_owned()),
        }
    }
}

/// A minimum that is not reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missed {
    /// What was asked for.
    pub minimum: Minimum,
    /// What there is.
    pub figure: Figure,
}

impl fmt::Display for Missed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.minimum.kind {
            Some(kind) => format!("of {}", kind.plural()),
            None => "in total".to_owned(),
        };
        write!(
            formatter,
            "coverage {what} is {}, below the minimum of {} %",
            self.figure, self.minimum.percent
        )
    }
}
