//! All sessions: found by name, forgotten after a while, bounded in number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// Sessions by id; a list because the same id may be used under several apps' names.
#[derive(Debug, Default)]
struct Table {
    by_id: HashMap<Box<str>, Vec<Entry>>,
    count: usize,
    since_sweep: usize,
}

#[derive(Debug)]
struct Entry {
    app_name: Box<str>,
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

    /// The session's place; a new one for a session that is not known, or not any more.
    pub(super) fn slot(&self, app_name: &str, id: &str) -> Slot {
        let now = Instant::now();
        let mut table = self.table();
        let same_id = table.by_id.get_mut(id);
        let known = same_id.and_then(|entries| entries.iter_mut().find(|entry| *entry.app_name == *app_name));
        if let Some(entry) = known {
            if entry.is_expired(now) {
                entry.slot = Slot::default();
            }
            entry.last_used = now;
            return Arc::clone(&entry.slot);
        }
        table.make_room(self.most, now);
        let slot = Slot::default();
        table.count += 1;
        table.by_id.entry(id.into()).or_default().push(Entry {
            app_name: app_name.into(),
            slot: Arc::clone(&slot),
            last_used: now,
        });
        slot
    }

    /// Forgets the sessions of this id, under whatever app's name.
    pub(super) fn forget(&self, id: &str) {
        let mut table = self.table();
        let gone = table.by_id.remove(id).map_or(0, |entries| entries.len());
        table.count -= gone;
    }

    /// How many sessions there are.
    pub(super) fn len(&self) -> usize {
        self.table().count
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
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
        let is_full = self.count >= most;
        if !is_full && self.since_sweep < SWEEP_EVERY {
            return;
        }
        self.since_sweep = 0;
        self.retain(|entry| !entry.is_expired(now));
        if self.count < most {
            return;
        }
        // A sixteenth at once, so that the search is rare.
        let mut ages: Vec<Instant> = self
            .by_id
            .values()
            .flatten()
            .map(|entry| entry.last_used)
            .collect();
        let forgotten = (most / 16).clamp(1, ages.len());
        let (_, youngest, _) = ages.select_nth_unstable(forgotten - 1);
        let youngest = *youngest;
        let mut left = forgotten;
        self.retain(|entry| {
            let goes = left > 0 && entry.last_used <= youngest;
            left -= usize::from(goes);
            !goes
        });
    }

    fn retain(&mut self, mut stays: impl FnMut(&Entry) -> bool) {
        self.by_id.retain(|_, entries| {
            entries.retain(|entry| stays(entry));
            !entries.is_empty()
        });
        self.count = self.by_id.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sessions_are_forgotten_when_idle() {
        let sessions = Sessions::default();
        let first = sessions.slot("app", "a");
        assert!(Arc::ptr_eq(&first, &sessions.slot("app", "a")));
        assert!(!Arc::ptr_eq(&first, &sessions.slot("other", "a")));
        tokio::time::advance(KEPT + Duration::from_secs(1)).await;
        assert!(
            Arc::ptr_eq(&first, &sessions.slot("app", "a")),
            "still in use here"
        );
        let address = Arc::as_ptr(&first);
        drop(first);
        tokio::time::advance(KEPT).await;
        let kept = sessions.slot("app", "a");
        assert_eq!(address, Arc::as_ptr(&kept), "just before it expires");
        *kept.lock().await = Some(Session {
            agent: 0,
            variables: crate::model::Map::new(),
            turns: 1,
            ended: false,
            pending: None,
        });
        drop(kept);
        tokio::time::advance(KEPT + Duration::from_secs(1)).await;
        assert!(sessions.slot("app", "a").lock().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_never_too_many() {
        let sessions = Sessions::bounded(32);
        for number in 0..1_000 {
            sessions.slot("app", &number.to_string());
            tokio::time::advance(Duration::from_millis(1)).await;
            sessions.slot("app", "always");
        }
        assert!(sessions.len() <= 32, "{}", sessions.len());
        let table = sessions.table();
        assert!(table.by_id.contains_key("999") && table.by_id.contains_key("always"));
    }

    #[tokio::test(start_paused = true)]
    async fn expired_sessions_go_before_others() {
        let sessions = Sessions::bounded(4);
        for id in ["a", "b", "c"] {
            sessions.slot("app", id);
        }
        tokio::time::advance(KEPT + Duration::from_secs(1)).await;
        for id in ["d", "e"] {
            sessions.slot("app", id);
        }
        assert_eq!(sessions.len(), 2);
        sessions.forget("d");
        sessions.forget("nobody");
        assert_eq!(sessions.len(), 1);
    }
}
