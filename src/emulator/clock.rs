//! What time it is for an emulated agent.

use chrono::{DateTime, FixedOffset, Utc};

/// Where the time of a turn comes from, unless the turn brings its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Clock {
    /// The computer's clock.
    #[default]
    System,
    /// Always the same moment.
    Fixed(DateTime<FixedOffset>),
}

impl Clock {
    /// The moment it is.
    pub fn now(self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now(),
            Self::Fixed(moment) => moment.to_utc(),
        }
    }
}

impl From<Option<DateTime<FixedOffset>>> for Clock {
    fn from(moment: Option<DateTime<FixedOffset>>) -> Self {
        moment.map_or(Self::System, Self::Fixed)
    }
}
