//! Shows progress on a thread of its own, so that a slow terminal does not hold up the conversations before it has to.

use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::WAITING_EVENTS;
use crate::model::event::RunEvent;
use crate::report::progress::{Progress, When};

/// The screen, until the last event was shown.
pub(super) struct Screen {
    done: oneshot::Receiver<()>,
}

/// Starts showing; the screen is free again when the sender is gone and [`Screen::finished`] has returned.
pub(super) fn start(when: When, color: bool) -> (mpsc::Sender<RunEvent>, Screen) {
    let (events, mut waiting) = mpsc::channel(WAITING_EVENTS);
    let (told, done) = oneshot::channel();
    thread::spawn(move || {
        let mut progress = Progress::on_stderr(when, color);
        while let Some(event) = waiting.blocking_recv() {
            progress.handle(&event);
        }
        progress.finish();
        // Whoever waited may have gone.
        let _ = told.send(());
    });
    (events, Screen { done })
}

impl Screen {
    /// Waits until nothing is written to the screen any more.
    pub(super) async fn finished(self) {
        // A screen that broke is finished, too.
        let _ = self.done.await;
    }
}
