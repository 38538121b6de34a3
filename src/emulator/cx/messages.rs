//! Which of an agent's messages are said, and what was said (cx-runtime 5.3, 15).

use super::language;
use super::program::Message;
use crate::model::{Map, Value};

/// What part of the agent a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseKind {
    /// The entry of a page.
    Entry,
    /// The prompt of a form parameter.
    Prompt,
    /// A route or an event handler.
    Handler,
}

/// A message on its way to the user.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    /// Where it came from.
    pub(super) kind: ResponseKind,
    /// The channel it is for; empty for all.
    pub(super) channel: String,
    /// The message.
    pub(super) content: SaidContent,
}

/// What is said or signalled.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SaidContent {
    /// A text, exactly one.
    Text {
        /// The text.
        text: String,
        /// Passed through.
        allow_playback_interruption: bool,
    },
    /// Custom payload.
    Payload(Map),
    /// `{text}` or `{ssml}`.
    OutputAudioText(Value),
    /// Metadata of a hand-off.
    LiveAgentHandoff(Map),
    /// Metadata of a success.
    ConversationSuccess(Map),
    /// `{audioUri}`.
    PlayAudio(Value),
    /// `{phoneNumber}`.
    TelephonyTransferCall(Value),
    /// The session ended.
    EndInteraction,
}

impl SaidContent {
    /// Bytes of what is said, roughly.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.len(),
            Self::Payload(members) | Self::LiveAgentHandoff(members) | Self::ConversationSuccess(members) => {
                members
                    .iter()
                    .map(|(key, value)| key.len() + value.to_string().len())
                    .sum()
            }
            Self::OutputAudioText(value) | Self::PlayAudio(value) | Self::TelephonyTransferCall(value) => {
                value.to_string().len()
            }
            Self::EndInteraction => 0,
        }
    }
}

/// The language that a request is answered in: one the agent knows, by the whole code or by its first part; the
/// agent's own where the request names none that it knows (cx-runtime 5.3).
pub(super) fn answer_language<'a>(known: &'a [String], requested: &str) -> &'a str {
    let requested = requested.to_ascii_lowercase();
    let root = |code: &str| code.split(['-', '_']).next().unwrap_or_default().to_owned();
    let find = |fits: &dyn Fn(&str) -> bool| known.iter().find(|code| fits(code));
    find(&|code| code == requested)
        .or_else(|| find(&|code| code == root(&requested)))
        .or_else(|| find(&|code| root(code) == root(&requested) && !requested.is_empty()))
        .or_else(|| known.first())
        .map_or("", String::as_str)
}

/// The messages of a fulfillment that are for this language and channel (cx-runtime 5.3, 15). There is no falling
/// back to another language but from a regional one without messages to its root; without messages for a channel,
/// those for all are said.
pub(super) fn chosen<'m>(messages: &[&'m Message], language: &str, channel: &str) -> Vec<&'m Message> {
    let code = if messages.iter().any(|message| message.language == language) {
        language
    } else {
        language::base(language)
    };
    let spoken = |message: &&&Message| message.language.is_empty() || message.language == code;
    let in_language: Vec<&Message> = messages.iter().filter(spoken).copied().collect();
    of_channel(in_language, |message| &message.channel, channel)
}

/// The messages for a channel; those for all when it has none (cx-runtime 15).
pub(super) fn of_channel<M>(messages: Vec<M>, channel_of: impl Fn(&M) -> &str, channel: &str) -> Vec<M> {
    let is_its_own = |message: &M| channel_of(message).eq_ignore_ascii_case(channel);
    let wanted = if messages.iter().any(is_its_own) {
        channel
    } else {
        ""
    };
    let is_wanted = |message: &M| channel_of(message).eq_ignore_ascii_case(wanted);
    messages.into_iter().filter(is_wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::cx::program::Content;

    fn known(codes: &[&str]) -> Vec<String> {
        codes.iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn the_language_is_the_nearest_the_agent_knows() {
        let codes = known(&["en", "pt-br", "es"]);
        for (requested, expected) in [
            ("", "en"),
            ("en", "en"),
            ("EN", "en"),
            ("en-US", "en"),
            ("es-419", "es"),
            ("pt-br", "pt-br"),
            ("pt", "pt-br"),
            ("pl", "en"),
        ] {
            assert_eq!(answer_language(&codes, requested), expected, "{requested}");
        }
    }

    fn message(language: &str, channel: &str) -> Message {
        Message {
            language: language.to_owned(),
            channel: channel.to_owned(),
            content: Content::KnowledgeInfoCard,
        }
    }

    #[test]
    fn another_language_is_not_fallen_back_to_but_the_first_part_of_a_code_is() {
        let messages = [message("en", ""), message("de", ""), message("en-gb", "")];
        let all: Vec<&Message> = messages.iter().collect();
        let languages = |language: &str| {
            chosen(&all, language, "")
                .iter()
                .map(|message| message.language.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(languages("de"), ["de"]);
        assert_eq!(languages("en"), ["en"]);
        assert_eq!(languages("en-us"), ["en"]);
        assert_eq!(
            languages("en-gb"),
            ["en-gb"],
            "its own, and not its root's beside them"
        );
        assert_eq!(languages("es"), Vec::<String>::new());
    }

    #[test]
    fn a_channel_has_its_own_messages_or_those_for_all() {
        let messages = [message("en", ""), message("en", "CHAT"), message("en", "VOICE")];
        let all: Vec<&Message> = messages.iter().collect();
        let channels = |channel: &str| {
            chosen(&all, "en", channel)
                .iter()
                .map(|message| message.channel.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(channels(""), [""]);
        assert_eq!(channels("chat"), ["CHAT"]);
        assert_eq!(channels("SMS"), [""]);
    }
}
