//! What the user thinks of an answer (CX).

/// A rating of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Good or bad.
    pub rating: Rating,
    /// Why, in the user's words.
    pub reason: Option<String>,
    /// Why, in the agent's categories.
    pub labels: Vec<String>,
}

/// Good or bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rating {
    /// `thumbs_up`.
    ThumbsUp,
    /// `thumbs_down`.
    ThumbsDown,
}

impl Rating {
    /// The names, as suites write them.
    pub const NAMES: [&'static str; 2] = ["thumbs_up", "thumbs_down"];

    /// As suites write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ThumbsUp => "thumbs_up",
            Self::ThumbsDown => "thumbs_down",
        }
    }

    /// The rating of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::ThumbsUp, Self::ThumbsDown]
            .into_iter()
            .find(|rating| rating.name() == name)
    }
}
