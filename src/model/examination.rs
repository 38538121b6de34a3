//! What came of going to a target step by step: for `doctor`.

use serde::Serialize;

/// A target, examined. The names of its members are part of the public interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// The target's name.
    pub target: String,
    /// `cx`, `ces` or `emulator`.
    pub backend: &'static str,
    /// The agent or app: a resource name, or a file of an emulated one.
    pub subject: String,
    /// The steps, in order; those without meaning for the target are left out.
    pub steps: Vec<Examined>,
}

/// A step and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// The step.
    pub step: Step,
    /// How it stands.
    pub state: State,
    /// What was found, as a lowercase fragment.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// The steps to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// What the settings say of it can be used here and now.
    Settings,
    /// A token can be made.
    Credentials,
    /// Its name has an address, and something listens there.
    Endpoint,
    /// Server and client prove who they are, and speak HTTP/2.
    Handshake,
    /// The service lets the account in.
    Permission,
    /// The agent is there and answers.
    Agent,
    /// The app is there and answers.
    App,
    /// There is quota left.
    Quota,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All is well.
    Good,
    /// Something must be mended.
    Bad,
    /// Nobody looked; `found` says why.
    Unknown,
}

impl Step {
    /// Its name, as reports show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Credentials => "credentials",
            Self::Endpoint => "endpoint",
            Self::Handshake => "handshake",
            Self::Permission => "permission",
            Self::Agent => "agent",
            Self::App => "app",
            Self::Quota => "quota",
        }
    }
}

impl Examination {
    /// The first step at which something must be mended.
    pub fn first_bad(&self) -> Option<Step> {
        let bad = self.steps.iter().find(|examined| examined.state == State::Bad);
        bad.map(|examined| examined.step)
    }
}
