//! What a turn is asked, free of any protocol.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::entities::SessionEntityType;
use super::program::Place;
use super::understanding::Understood;
use crate::model::Map;
use crate::model::transcript::Sentiment;

/// One turn's input and what goes along with it (cx-runtime 15).
#[derive(Debug, Clone)]
pub struct Request {
    /// What the user did.
    pub input: Input,
    /// Language code; empty for the agent's own.
    pub language: String,
    /// When the turn happens.
    pub now: DateTime<Utc>,
    /// Where the user is; the agent's own time zone when `None`.
    pub time_zone: Option<Tz>,
    /// Session parameters merged in before the turn; null removes.
    pub parameters: Map,
    /// Where `parameters` go instead of the session: `$SCOPE.params`; empty for the session.
    pub parameter_scope: String,
    /// Where the turn starts, with nothing else remembered.
    pub(super) start: Option<Place>,
    /// The playbook the turn starts in, with nothing else remembered, by display name.
    pub(super) start_playbook: Option<String>,
    /// Switches webhook calls off.
    pub disable_webhook: bool,
    /// Handed to webhooks.
    pub payload: Map,
    /// Headers of webhook calls, over those of the webhook.
    pub webhook_headers: BTreeMap<String, String>,
    /// Resource name of the session, for webhooks.
    pub session: String,
    /// Id of the turn's answer, for webhooks.
    pub response_id: String,
    /// Only messages of this channel; empty for those of none.
    pub channel: String,
    /// Entity types of the session, from this turn on.
    pub session_entity_types: Vec<SessionEntityType>,
    /// Whether the text is what was heard.
    pub is_spoken: bool,
    /// Whether sentiment was asked for.
    pub analyze_sentiment: bool,
    /// What the user's words sound like, if the client says so: it is not analysed.
    pub sentiment: Option<Sentiment>,
    /// What the NLU answers, instead of judging the text itself.
    pub pinned_intent: Option<PinnedIntent>,
    /// What the input was understood as, when a match is being fulfilled.
    pub(super) understood: Option<Understood>,
}

impl Request {
    /// A bare input at a time.
    pub fn new(input: Input, now: DateTime<Utc>) -> Self {
        Self {
            input,
            language: String::new(),
            now,
            time_zone: None,
            parameters: Map::new(),
            parameter_scope: String::new(),
            start: None,
            start_playbook: None,
            disable_webhook: false,
            payload: Map::new(),
            webhook_headers: BTreeMap::new(),
            session: String::new(),
            response_id: String::new(),
            channel: String::new(),
            session_entity_types: Vec::new(),
            is_spoken: false,
            analyze_sentiment: false,
            sentiment: None,
            pinned_intent: None,
            understood: None,
        }
    }
}

impl Request {
    /// The sentiment that was asked for and is known.
    pub(super) fn known_sentiment(&self) -> Option<Sentiment> {
        self.sentiment.filter(|_| self.analyze_sentiment)
    }
}

/// An answer of the NLU that is not its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinnedIntent {
    /// This intent matches, by its display name.
    Named(String),
    /// No intent matches: form filling or no-match decides.
    Nothing,
}

/// What the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Said something; blank text is silence.
    Text(String),
    /// Sent an event.
    Event(String),
    /// Triggered an intent, by its display name.
    Intent(String),
    /// Pressed keys.
    Dtmf {
        /// The keys without the finishing one.
        digits: String,
        /// The key that ended the input; empty for none.
        finish: String,
    },
}
