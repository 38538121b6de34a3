//! Keeps the sound of a live stream flowing: recordings when there are any, silence in between, each piece when its time
//! has come (ces-api 1.7). A task of its own, because the sound goes on while nobody reads; it ends with the stream.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::encode_input;
use crate::audio::Format;
use crate::backend::transport::{Hears, Outgoing, post};
use crate::backend::{Speech, TurnError};
use crate::proto::ces_v1::session_input::InputType;

/// Recordings that wait for their turn: one is played at a time.
const WAITING: usize = 4;
/// How late a piece may be before the lost time is given up for good.
const TOO_LATE: Duration = Duration::from_secs(1);

/// How sound is sent while nobody speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    /// The format of everything that is sent.
    pub(super) format: Format,
    /// How many times faster than real time it is sent.
    pub(super) pace: f64,
    /// The time of each piece.
    pub(super) piece: Duration,
    /// How it has to come.
    pub(super) hears: Hears,
}

/// Where recordings are handed over. When it is dropped the sound ends, and with it this side of the stream.
pub(super) struct Pump {
    format: Format,
    outbox: mpsc::Sender<Outgoing>,
    recordings: mpsc::Sender<Recording>,
}

/// A recording, and when it begins.
struct Recording {
    speech: Speech,
    begins: Instant,
    done: watch::Sender<bool>,
}

/// Whether a recording was sent.
#[derive(Debug, Clone)]
pub(super) struct Done(watch::Receiver<bool>);

impl Pump {
    /// Begins to send silence.
    pub(super) fn start(flow: Flow, outbox: mpsc::Sender<Outgoing>) -> Self {
        let (recordings, waiting) = mpsc::channel(WAITING);
        tokio::spawn(pump(flow, outbox.clone(), waiting));
        Self {
            format: flow.format,
            outbox,
            recordings,
        }
    }

    /// The format of the stream's sound.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Sends what is no sound.
    ///
    /// # Errors
    /// When the stream is over.
    pub(super) async fn send(&self, outgoing: Vec<Outgoing>) -> Result<(), TurnError> {
        post(&self.outbox, outgoing).await
    }

    /// Hands a recording over, to be sent when its time comes. That the user speaks was said before.
    pub(super) async fn play(&self, speech: Speech, begins: Instant) -> Done {
        let (done, told) = watch::channel(false);
        let recording = Recording { speech, begins, done };
        // A stream that is over takes none: its end is noticed where it is read.
        let _ = self.recordings.send(recording).await;
        Done(told)
    }
}

impl Done {
    /// Whether it is no longer on its way.
    pub(super) fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it was sent, or never will be.
    pub(super) async fn wait(&mut self) {
        let _ = self.0.wait_for(|done| *done).await;
    }
}

async fn pump(flow: Flow, outbox: mpsc::Sender<Outgoing>, mut waiting: mpsc::Receiver<Recording>) {
    let silence = Outgoing::Pause(encode_input(InputType::Audio(flow.format.silence(flow.piece))));
    let mut due = Instant::now();
    loop {
        tokio::select! {
            biased;
            recording = waiting.recv() => {
                let Some(recording) = recording else { return };
                if send(&flow, &outbox, &silence, recording, &mut due).await.is_none() {
                    return;
                }
            }
            () = sleep_until(due), if flow.hears == Hears::AllTheTime => {
                if outbox.send(silence.clone()).await.is_err() {
                    return;
                }
                next(&mut due, flow.piece, flow.pace);
            }
        }
    }
}

/// Sends silence until a recording begins, then the recording.
async fn send(
    flow: &Flow,
    outbox: &mpsc::Sender<Outgoing>,
    silence: &Outgoing,
    recording: Recording,
    due: &mut Instant,
) -> Option<()> {
    match flow.hears {
        Hears::AllTheTime => {
            while *due < recording.begins {
                sleep_until(*due).await;
                outbox.send(silence.clone()).await.ok()?;
                next(due, flow.piece, flow.pace);
            }
        }
        Hears::InTime => {
            sleep_until(recording.begins).await;
            *due = Instant::now();
        }
        Hears::AtOnce => {}
    }
    let Speech {
        clip, pace, piece, ..
    } = recording.speech;
    for bytes in clip.pieces(piece) {
        if flow.hears != Hears::AtOnce {
            sleep_until(*due).await;
        }
        let message = encode_input(InputType::Audio(bytes.to_vec()));
        outbox.send(Outgoing::Sound(message)).await.ok()?;
        next(due, piece, pace);
    }
    // Before it is said aloud: whoever hears of it may be asked at once whether there is more to come.
    let _ = recording.done.send(true);
    outbox.send(Outgoing::Done).await.ok()
}

/// When the next piece is due: by the clock, not by when the last one left, so that no time is lost.
fn next(due: &mut Instant, piece: Duration, pace: f64) {
    let now = Instant::now();
    if now.saturating_duration_since(*due) > TOO_LATE {
        *due = now;
    }
    *due += piece.div_f64(pace);
}
