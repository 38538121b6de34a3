//! Which of several layers a value comes from: flag, environment, conversation, suite, profile, settings, built-in.

use std::fmt;

/// Where a value was given; an earlier one outweighs a later one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// On the command line.
    Flag(&'static str),
    /// In an environment variable of this program.
    Environment(&'static str),
    /// In the conversation.
    Conversation,
    /// In the suite's `defaults:`.
    Suite,
    /// In the profile of this name.
    Profile(String),
    /// In the settings.
    Settings,
    /// Nowhere: it is what the program does by itself.
    BuiltIn,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Environment(name) => formatter.write_str(name),
            Self::Conversation => formatter.write_str("conversation"),
            Self::Suite => formatter.write_str("suite"),
            Self::Profile(name) => write!(formatter, "profile {name}"),
            Self::Settings => formatter.write_str("settings"),
            Self::BuiltIn => formatter.write_str("built-in"),
        }
    }
}

/// A value and where it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layered<T> {
    /// The value.
    pub value: T,
    /// Where it was given.
    pub origin: Origin,
}

impl<T> Layered<T> {
    /// The value of the layer that outweighs the others, whatever order they come in.
    pub fn pick(built_in: T, layers: impl IntoIterator<Item = (Origin, Option<T>)>) -> Self {
        let given = layers
            .into_iter()
            .filter_map(|(origin, value)| value.map(|value| Self { value, origin }));
        given
            .min_by(|left, right| left.origin.cmp(&right.origin))
            .unwrap_or(Self {
                value: built_in,
                origin: Origin::BuiltIn,
            })
    }

    /// The same layer, another view of the value.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Layered<U> {
        Layered {
            value: view(self.value),
            origin: self.origin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_layer_wins() {
        let order = [
            Origin::Flag("--jobs"),
            Origin::Environment("TURNPROOF_JOBS"),
            Origin::Conversation,
            Origin::Suite,
            Origin::Profile("ci".to_owned()),
            Origin::Settings,
        ];
        for first in 0..order.len() {
            let given = order[first..]
                .iter()
                .cloned()
                .zip(first..)
                .map(|(origin, value)| (origin, Some(value)));
            let missing = order[..first].iter().cloned().map(|origin| (origin, None));
            let mut layers: Vec<_> = given.chain(missing).collect();
            layers.reverse();
            let picked = Layered::pick(99, layers);
            assert_eq!(
                picked,
                Layered {
                    value: first,
                    origin: order[first].clone()
                }
            );
        }
        assert_eq!(
            Layered::pick(99, [(Origin::Suite, None)]),
            Layered {
                value: 99,
                origin: Origin::BuiltIn
            }
        );
    }
}
