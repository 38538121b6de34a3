//! Conversations that have not been started. One whose target holds as many as it may waits for one of them to end,
//! and lets those of other targets go first.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroUsize;

use super::RunTarget;
use super::source::ConversationSource;

/// What is still to be played, in the order of playing.
#[derive(Debug)]
pub(super) struct Waiting {
    positions: std::vec::IntoIter<usize>,
    /// The targets that hold so many conversations and no more.
    crowded: BTreeMap<String, Crowd>,
    /// Whose conversations these are that are being played.
    playing: HashMap<usize, String>,
}

#[derive(Debug)]
struct Crowd {
    room: usize,
    held_back: VecDeque<usize>,
}

impl Waiting {
    pub(super) fn new(positions: Vec<usize>, targets: &HashMap<String, RunTarget>) -> Self {
        let sessions = |(name, target): (&String, &RunTarget)| Some((name.clone(), target.sessions?));
        Self::among(positions, targets.iter().filter_map(sessions))
    }

    fn among(positions: Vec<usize>, sessions: impl Iterator<Item = (String, NonZeroUsize)>) -> Self {
        let crowd = |(name, sessions): (String, NonZeroUsize)| {
            let crowd = Crowd {
                room: sessions.get(),
                held_back: VecDeque::new(),
            };
            (name, crowd)
        };
        Self {
            positions: positions.into_iter(),
            crowded: sessions.map(crowd).collect(),
            playing: HashMap::new(),
        }
    }

    /// The next one that may be played now; none while all that is left waits for room.
    pub(super) fn next(&mut self, source: &dyn ConversationSource) -> Option<usize> {
        if self.crowded.is_empty() {
            return self.positions.next();
        }
        for (target, crowd) in &mut self.crowded {
            if crowd.room > 0
                && let Some(position) = crowd.held_back.pop_front()
            {
                crowd.room -= 1;
                self.playing.insert(position, target.clone());
                return Some(position);
            }
        }
        for position in self.positions.by_ref() {
            let target = source.heading(position).target;
            let Some(crowd) = self.crowded.get_mut(&target) else {
                return Some(position);
            };
            if crowd.room == 0 {
                crowd.held_back.push_back(position);
                continue;
            }
            crowd.room -= 1;
            self.playing.insert(position, target);
            return Some(position);
        }
        None
    }

    /// A conversation is over, played or not.
    pub(super) fn is_over(&mut self, position: usize) {
        let target = self.playing.remove(&position);
        if let Some(crowd) = target.and_then(|target| self.crowded.get_mut(&target)) {
            crowd.room += 1;
        }
    }

    /// All that is left, whether there is room for it or not.
    pub(super) fn rest(&mut self) -> Vec<usize> {
        let held_back = self
            .crowded
            .values_mut()
            .flat_map(|crowd| crowd.held_back.drain(..));
        let mut rest: Vec<usize> = held_back.collect();
        rest.sort_unstable();
        rest.extend(self.positions.by_ref());
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::suite::Conversation;
    use crate::runner::fake::{FakeSource, conversation};

    /// Conversations of these targets, of which `a` holds two at once.
    fn of_targets(targets: &str) -> (FakeSource, Waiting) {
        let conversations: Vec<Conversation> = targets
            .chars()
            .map(|target| Conversation {
                target: target.to_string(),
                ..conversation("x")
            })
            .collect();
        let positions = (0..conversations.len()).collect();
        let sessions = [("a".to_owned(), NonZeroUsize::new(2).unwrap())];
        (
            FakeSource::new(conversations),
            Waiting::among(positions, sessions.into_iter()),
        )
    }

    #[test]
    fn a_crowded_target_holds_nobody_else_up() {
        let (source, mut waiting) = of_targets("aaaabab");
        let next = |waiting: &mut Waiting| waiting.next(&source);
        assert_eq!(next(&mut waiting), Some(0));
        assert_eq!(next(&mut waiting), Some(1));
        assert_eq!(next(&mut waiting), Some(4), "the first one of the other target");
        assert_eq!(next(&mut waiting), Some(6));
        assert_eq!(next(&mut waiting), None);
        waiting.is_over(4);
        assert_eq!(next(&mut waiting), None, "that made no room");
        waiting.is_over(1);
        assert_eq!(next(&mut waiting), Some(2));
        assert_eq!(waiting.rest(), [3, 5]);
        assert!(waiting.rest().is_empty());
    }

    #[test]
    fn without_limits_the_order_is_kept() {
        let (source, _) = of_targets("aab");
        let mut waiting = Waiting::among(vec![2, 0, 1], std::iter::empty());
        let order: Vec<usize> = std::iter::from_fn(|| waiting.next(&source)).collect();
        assert_eq!(order, [2, 0, 1]);
    }
}
