//! All sessions: found by name, forgotten after a while, bounded in number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::session::Session;

/// How long a session is kept after its last request (ces-api 5.1).
const KEPT: Duration = Duration::from_mins(30);
/// Sessions kept at most; of more, those that were idle longest are forgotten.
const MOST: usize = 100_000;
/// New sessions between two looks for expired ones.
const SWEEP_EVERY: usize = 1_024;

/// A session's place; empty until its first turn is answered. Turns of one session come one after the other.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Session>>>;

/// The table of sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    table: Mutex<Table>,
    most: usize,
}

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<String, Entry>,
    since_sweep: usize,
}

#[derive(Debug)]
struct Entry {
    slot: Slot,
    last_used: Instant,
}

impl Default for Sessions {
    fn default() -> Self {
        Self::bounded(MOST)
    }
}

impl Sessions {
    fn bounded(most: usize) -> Self {
        Self {
            table: Mutex::default(),
            most: most.max(1),
        }
    }

    /// The session's place; a new one for a name that is not known, or not any more.
    pub(super) fn slot(&self, name: &str) -> Slot {
        let now = Instant::now();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = table.entries.get_mut(name) {
            if !entry.is_expired(now) {
                entry.last_used = now;
                return Arc::clone(&entry.slot);
            }
            table.entries.remove(name);
        }
        table.make_room(self.most, now);
        let slot = Slot::default();
        let entry = Entry {
            slot: Arc::clone(&slot),
            last_used: now,
        };
        table.entries.insert(name.to_owned(), entry);
        slot
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.table.lock().unwrap().entries.len()
    }
}

impl Entry {
    /// A session in use is not expired, however long its turn takes.
    fn is_expired(&self, now: Instant) -> bool {
        now.duration_since(self.last_used) > KEPT && Arc::strong_count(&self.slot) == 1
    }
}

impl Table {
    fn make_room(&mut self, most: usize, now: Instant) {
        self.since_sweep += 1;
        let is_full = self.entries.len() >= most;
        if !is_full && self.since_sweep < SWEEP_EVERY {
            return;
        }
        self.since_sweep = 0;
        self.entries.retain(|_, entry| !entry.is_expired(now));
        if self.entries.len() < most {
            return;
        }
        // A sixteenth at once, so that the search is rare.
        let mut ages: Vec<Instant> = self.entries.values().map(|entry| entry.last_used).collect();
        let forgotten = (most / 16).clamp(1, ages.len());
        let (_, youngest, _) = ages.select_nth_unstable(forgotten - 1);
        let youngest = *youngest;
        let mut left = forgotten;
        self.entries.retain(|_, entry| {
            let goes = left > 0 && entry.last_used <= youngest;
            left -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sessions_are_forgotten_when_idle() {
        let sessions = Sessions::default();
        let first = sessions.slot("a");
        assert!(Arc::ptr_eq(&first, &sessions.slot("a")));
        tokio::time::advance(KEPT + Duration::from_secs(1)).await;
        // Still in use here.
        assert!(Arc::ptr_eq(&first, &sessions.slot("a")));
        let address = Arc::as_ptr(&first);
        drop(first);
        tokio::time::advance(KEPT).await;
        assert_eq!(
            address,
            Arc::as_ptr(&sessions.slot("a")),
            "just before it expires"
        );
        tokio::time::advance(KEPT + Duration::from_secs(1)).await;
        let held = sessions.slot("b");
        drop(held);
        let again = sessions.slot("a");
        assert!(again.lock().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_never_too_many() {
        let sessions = Sessions::bounded(32);
        for number in 0..1_000 {
            sessions.slot(&number.to_string());
            tokio::time::advance(Duration::from_millis(1)).await;
            sessions.slot("always");
        }
        assert!(sessions.len() <= 32, "{}", sessions.len());
        let table = sessions.table.lock().unwrap();
        assert!(table.entries.contains_key("999") && table.entries.contains_key("always"));
    }

    #[tokio::test(start_paused = true)]
    async fn expired_sessions_go_before_others() {
        let sessions = Sessions::bounded(4);
        for name in ["a", "b", "c"] {
            sessions.slot(name);
        }
        tokio::time::advance(KEPT + Duration::from_secs(1)).await;
        for name in ["d", "e"] {
            sessions.slot(name);
        }
        assert_eq!(sessions.len(), 2);
    }
}
