//! What is sent on a stream in its own time: messages, and the sound of a user who speaks. Who carries it hears of the
//! user, too: an answer is waited for from when they are done.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use prost::bytes::Bytes;
use tokio::time::Instant;

use crate::backend::Speech;

/// Something that is sent, or that happens while nothing is.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// A message that is no sound.
    Message(Bytes),
    /// The user begins to speak.
    Speaks(Speech),
    /// A message that is a piece of what they say.
    Sound(Bytes),
    /// The user is done, or is listened to no longer.
    Done,
    /// A message of the silence that keeps a stream going while nobody speaks. How much of it there is means nothing.
    Pause(Bytes),
}

impl Outgoing {
    /// What leaves for the service.
    pub fn message(self) -> Option<Bytes> {
        match self {
            Self::Message(bytes) | Self::Sound(bytes) | Self::Pause(bytes) => Some(bytes),
            Self::Speaks(_) | Self::Done => None,
        }
    }
}

/// How sound has to come over a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hears {
    /// As on the telephone: in time, with silence while nobody speaks.
    AllTheTime,
    /// What is said in its time, and nothing else.
    InTime,
    /// What is said, as soon as it can be taken.
    AtOnce,
}

/// What the user does, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// They have said it all and wait for an answer.
    Waits(Instant),
    /// They speak.
    Speaks(Instant),
}

/// What is known of them.
#[derive(Debug, Clone, Copy)]
enum State {
    Waits(Instant),
    Speaks {
        /// When the first of it was sent; when it was announced, before.
        since: Instant,
        /// It was sent.
        has_begun: bool,
        /// How long they say something. Silence may follow, which nobody has to wait for.
        says_for: Duration,
    },
}

/// The user of a stream, as who carries it knows them. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Waiting(Arc<Mutex<State>>);

impl Waiting {
    /// Waits from now on.
    pub fn begin() -> Self {
        Self(Arc::new(Mutex::new(State::Waits(Instant::now()))))
    }

    /// What they do.
    pub fn user(&self) -> User {
        match self.state() {
            State::Waits(since) => User::Waits(since),
            State::Speaks { since, .. } => User::Speaks(since),
        }
    }

    /// While the user speaks: how long they had spoken when an answer came that was waited for so long.
    pub fn had_spoken(&self, waited: Duration) -> Option<Duration> {
        match self.state() {
            State::Waits(_) => None,
            State::Speaks { since, .. } if waited.is_zero() => Some(since.elapsed()),
            State::Speaks { says_for, .. } => Some(says_for + waited),
        }
    }

    /// Something is sent, or happens.
    pub fn note(&self, outgoing: &Outgoing) {
        let now = Instant::now();
        match (outgoing, self.state()) {
            (Outgoing::Speaks(speech), _) => self.set(State::Speaks {
                since: now,
                has_begun: false,
                says_for: speech.says_for(),
            }),
            (
                Outgoing::Sound(_),
                State::Speaks {
                    has_begun: false,
                    says_for,
                    ..
                },
            ) => self.set(State::Speaks {
                since: now,
                has_begun: true,
                says_for,
            }),
            (Outgoing::Done, State::Speaks { since, says_for, .. }) => {
                self.set(State::Waits(now.min(since + says_for)));
            }
            (Outgoing::Message(_) | Outgoing::Done, _) => self.set(State::Waits(now)),
            (Outgoing::Sound(_) | Outgoing::Pause(_), _) => {}
        }
    }

    /// Messages leave now.
    pub fn restart(&self) {
        self.set(State::Waits(Instant::now()));
    }

    /// How long an answer was waited for that came then: from the last that could be heard of the user; no time at all
    /// while they say something.
    pub fn until(&self, came: Instant) -> Duration {
        match self.state() {
            State::Waits(since) => came.saturating_duration_since(since),
            State::Speaks { since, says_for, .. } => came.saturating_duration_since(since + says_for),
        }
    }

    /// The messages of what is sent, watched.
    pub fn follow(&self, sent: BoxStream<'static, Outgoing>) -> BoxStream<'static, Bytes> {
        let waiting = self.clone();
        let message = move |outgoing: Outgoing| {
            waiting.note(&outgoing);
            std::future::ready(outgoing.message())
        };
        sent.filter_map(message).boxed()
    }

    fn state(&self) -> State {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;
    use crate::audio::Clip;
    use crate::model::suite::AudioSettings;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_waited_for_from_when_the_user_is_done() {
        let second = || tokio::time::advance(Duration::from_secs(1));
        let speech = Speech {
            clip: Arc::new(Clip::silence(AudioSettings::USUAL, Duration::from_secs(1)).unwrap()),
            pace: 1.0,
            piece: AudioSettings::PIECE,
            file: None,
            written: None,
            interrupt_after: None,
        };
        let bytes = || Bytes::from_static(b"x");
        let sent = [
            (Outgoing::Message(bytes()), true),
            (Outgoing::Pause(bytes()), true),
            (Outgoing::Speaks(speech), false),
            (Outgoing::Sound(bytes()), false),
            (Outgoing::Done, true),
        ];
        let waiting = Waiting::begin();
        for (outgoing, waits) in sent {
            waiting.note(&outgoing);
            let before = waiting.until(Instant::now());
            second().await;
            let second = Duration::from_secs(u64::from(waits));
            assert_eq!(waiting.until(Instant::now()), before + second, "{outgoing:?}");
        }
        let messages = waiting.follow(stream::iter([Outgoing::Done, Outgoing::Message(bytes())]).boxed());
        assert_eq!(messages.collect::<Vec<_>>().await, [bytes()]);
        assert_eq!(waiting.until(Instant::now()), Duration::ZERO);
    }

    /// An answer that came while the rest of a recording was still sent was told as one that came at once.
    #[tokio::test(start_paused = true)]
    async fn silence_behind_what_is_said_is_waiting() {
        let format = AudioSettings::USUAL;
        let half = Duration::from_millis(500);
        let mut sound = vec![1; format.bytes_in(half)];
        sound.extend(format.silence(half * 5));
        let speech = Speech {
            clip: Arc::new(Clip::of(format, sound)),
            pace: 1.0,
            piece: AudioSettings::PIECE,
            file: None,
            written: None,
            interrupt_after: None,
        };
        let waiting = Waiting::begin();
        waiting.note(&Outgoing::Speaks(speech));
        tokio::time::advance(half).await;
        waiting.note(&Outgoing::Sound(Bytes::from_static(b"x")));
        tokio::time::advance(half).await;
        assert_eq!(waiting.until(Instant::now()), Duration::ZERO, "all is said now");
        tokio::time::advance(half).await;
        let waited = waiting.until(Instant::now());
        assert_eq!((waited, waiting.had_spoken(waited)), (half, Some(half * 2)));
        tokio::time::advance(half * 4).await;
        waiting.note(&Outgoing::Done);
        assert_eq!(waiting.until(Instant::now()), half * 5);
    }
}
