//! The sessions of a server: found by name, expired after their time, bounded in number (cx-runtime 1.1, 19).
//!
//! The table is cut into parts with a lock each, so that sessions rarely wait for one another; a session has its own
//! lock, so that its turns come one after the other.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::names::SessionName;
use super::session::Session;

/// How long a session lives after its last request, unless it asks for longer.
const DEFAULT_TTL: Duration = Duration::from_mins(30);
/// Parts of the table.
const PARTS: usize = 32;
/// Sessions of one part; beyond, the one that has been idle longest is forgotten.
const MOST_PER_PART: usize = 16_384;

/// A session behind its lock.
pub(super) type Shared = Arc<tokio::sync::Mutex<Session>>;

/// All sessions of a server.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    hasher: RandomState,
    parts: [Mutex<Part>; PARTS],
}

/// Sessions by id; a list because the same id may be used under several agents' names.
#[derive(Debug, Default)]
struct Part {
    sessions: HashMap<Box<str>, Vec<Kept>>,
    count: usize,
}

#[derive(Debug)]
struct Kept {
    agent: Box<str>,
    session: Shared,
    ttl: Duration,
    expires: Instant,
}

impl Sessions {
    /// The session of this name, made anew when there is none or its time is over. Its life begins again; `ttl`
    /// changes how long it is from now on.
    pub(super) fn get(
        &self,
        name: &SessionName,
        ttl: Option<Duration>,
        new: impl FnOnce() -> Session,
    ) -> Shared {
        let now = Instant::now();
        let mut part = self.part(&name.id);
        let kept = part
            .sessions
            .get_mut(name.id.as_str())
            .and_then(|same_id| same_id.iter_mut().find(|kept| *kept.agent == *name.agent()));
        if let Some(kept) = kept {
            if kept.expires <= now {
                kept.session = Arc::new(tokio::sync::Mutex::new(new()));
                kept.ttl = DEFAULT_TTL;
            }
            kept.ttl = ttl.unwrap_or(kept.ttl);
            kept.expires = now + kept.ttl;
            return Arc::clone(&kept.session);
        }
        if part.count >= MOST_PER_PART {
            part.make_room(now);
        }
        let session = Arc::new(tokio::sync::Mutex::new(new()));
        let ttl = ttl.unwrap_or(DEFAULT_TTL);
        part.count += 1;
        part.sessions
            .entry(name.id.as_str().into())
            .or_default()
            .push(Kept {
                agent: name.agent().into(),
                session: Arc::clone(&session),
                ttl,
                expires: now + ttl,
            });
        session
    }

    /// The session of this name, if there is one; its life is not prolonged.
    pub(super) fn peek(&self, name: &SessionName) -> Option<Shared> {
        let now = Instant::now();
        let part = self.part(&name.id);
        let kept = part
            .sessions
            .get(name.id.as_str())?
            .iter()
            .find(|kept| *kept.agent == *name.agent() && kept.expires > now)?;
        Some(Arc::clone(&kept.session))
    }

    /// Forgets the sessions of this id, under whatever agent's name.
    pub(super) fn forget(&self, id: &str) {
        let mut part = self.part(id);
        let gone = part.sessions.remove(id).map_or(0, |kept| kept.len());
        part.count -= gone;
    }

    /// Forgets the sessions whose time is over.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        for part in &self.parts {
            part.lock().unwrap_or_else(PoisonError::into_inner).sweep(now);
        }
    }

    /// How many sessions there are.
    pub(super) fn len(&self) -> usize {
        self.parts
            .iter()
            .map(|part| part.lock().unwrap_or_else(PoisonError::into_inner).count)
            .sum()
    }

    fn part(&self, id: &str) -> std::sync::MutexGuard<'_, Part> {
        let hash = usize::try_from(self.hasher.hash_one(id) % 0xffff).unwrap_or_default();
        self.parts[hash % PARTS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Part {
    fn sweep(&mut self, now: Instant) {
        self.sessions.retain(|_, same_id| {
            same_id.retain(|kept| kept.expires > now);
            !same_id.is_empty()
        });
        self.count = self.sessions.values().map(Vec::len).sum();
        if self.sessions.capacity() > 4 * self.sessions.len() + 64 {
            self.sessions.shrink_to_fit();
        }
    }

    /// Forgets what is over, and if nothing is, an eighth of the sessions: those that would be over first.
    fn make_room(&mut self, now: Instant) {
        self.sweep(now);
        if self.count < MOST_PER_PART {
            return;
        }
        let mut ends: Vec<Instant> = self
            .sessions
            .values()
            .flatten()
            .map(|kept| kept.expires)
            .collect();
        let (_, threshold, _) = ends.select_nth_unstable(MOST_PER_PART / 8);
        let threshold = *threshold;
        self.sweep(threshold);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::cx::program::Place;

    const START: Place = Place { flow: 0, page: None };

    fn name(id: &str) -> SessionName {
        SessionName::parse(&format!("projects/p/locations/l/agents/a/sessions/{id}")).unwrap()
    }

    fn open(sessions: &Sessions, id: &str) -> Shared {
        sessions.get(&name(id), None, || Session::at(START))
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_lives_half_an_hour_after_its_last_request() {
        let sessions = Sessions::default();
        let first = open(&sessions, "a");
        tokio::time::advance(Duration::from_mins(29)).await;
        assert!(Arc::ptr_eq(&first, &open(&sessions, "a")));
        tokio::time::advance(Duration::from_mins(29)).await;
        assert!(Arc::ptr_eq(&first, &open(&sessions, "a")));
        tokio::time::advance(Duration::from_mins(30)).await;
        assert!(sessions.peek(&name("a")).is_none());
        assert!(!Arc::ptr_eq(&first, &open(&sessions, "a")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_may_ask_for_a_longer_life() {
        let sessions = Sessions::default();
        let day = Duration::from_hours(24);
        let first = sessions.get(&name("a"), Some(day), || Session::at(START));
        tokio::time::advance(day.saturating_sub(Duration::from_secs(1))).await;
        assert!(Arc::ptr_eq(&first, &open(&sessions, "a")));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_is_swept_away() {
        let sessions = Sessions::default();
        for number in 0..1000 {
            open(&sessions, &number.to_string());
        }
        assert_eq!(sessions.len(), 1000);
        tokio::time::advance(DEFAULT_TTL).await;
        open(&sessions, "late");
        sessions.sweep();
        assert_eq!(sessions.len(), 1);
        sessions.forget("late");
        assert_eq!(sessions.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_is_bounded_and_the_idlest_go_first() {
        let mut part = Part::default();
        let now = Instant::now();
        for number in 0..MOST_PER_PART {
            let session = Arc::new(tokio::sync::Mutex::new(Session::at(START)));
            let expires =
                now + Duration::from_mins(1) + Duration::from_millis(u64::try_from(number).unwrap());
            let kept = Kept {
                agent: "a".into(),
                session,
                ttl: DEFAULT_TTL,
                expires,
            };
            part.sessions
                .entry(number.to_string().into())
                .or_default()
                .push(kept);
            part.count += 1;
        }
        part.make_room(now);
        assert!(part.count < MOST_PER_PART);
        assert!(!part.sessions.contains_key("0"));
        assert!(
            part.sessions
                .contains_key((MOST_PER_PART - 1).to_string().as_str())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn agents_names_keep_sessions_apart() {
        let sessions = Sessions::default();
        let other = SessionName::parse("projects/p/locations/l/agents/b/sessions/a").unwrap();
        let first = open(&sessions, "a");
        let second = sessions.get(&other, None, || Session::at(START));
        assert!(!Arc::ptr_eq(&first, &second));
        sessions.forget("a");
        assert_eq!(sessions.len(), 0);
    }
}
