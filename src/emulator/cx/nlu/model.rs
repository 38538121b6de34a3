//! The classifier of one flow in one language (nlu 3.2): one linear model per intent that any route of the flow
//! names, trained against the others and against the phrases of the default negative intent.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use super::features::{BLOCK_WEIGHTS, Bags, Vector, Vectoriser};
use super::phrases::{is_matched, phrases, priority, text_of};
use super::postings::Postings;
use super::svm::{Rows, train};
use super::template::Templates;
use crate::emulator::cx::entities::inflection::stem;
use crate::emulator::cx::words::words;
use crate::export::agent::{Agent, Flow, Intent, Route, TrainingPhrase};

/// Most weights of a model; a flow of very many intents and phrases gives up its rarest features.
const WEIGHT_LIMIT: usize = 16_000_000;
/// What a value that is the whole utterance, as in a phrase of the intent, adds to the decision.
const LONE_VALUE: f32 = 1.0;

/// How much likeness counts beside the decision when intents are ordered.
const RANK_COSINE: f32 = 0.5;
/// What a value of a type that the intent's phrases annotate adds when intents are ordered.
const RANK_VALUE: f32 = 0.15;
/// How much the share of an utterance that is in words of the intent's phrases counts in its score.
const FAMILIARITY: f32 = 0.35;
/// The share that counts nothing.
const USUAL_FAMILIARITY: f32 = 0.43;
/// How known an utterance must be for an intent's intercept to count in full: the mean of the part of it that is in
/// features of the flow's phrases, and of its likeness to a phrase of the intent. At this value two recorded turns are gained and none is lost.
const KNOWN_ENOUGH: f32 = 0.35;
/// What a typical phrase of no intent comes to.
const TYPICAL_OF_NONE: f32 = -1.0;
/// From this rank on an intent fits without doubt.
const SURE: f32 = 0.5;
/// Intents whose ranks differ by no more than this fit equally well.
const TIE: f32 = 0.05;

/// A trained model.
#[derive(Debug, Default)]
pub(super) struct Model {
    classes: Vec<Class>,
    vectoriser: Vectoriser,
    phrases: Postings,
    /// How many phrases there are, those of the default negative intent included.
    count: usize,
    /// Weights, all classes of a column side by side; the intercepts are the last column.
    weights: Vec<f32>,
    templates: Templates,
    language: String,
    /// Words of phrases and values with how often they occur in phrases.
    vocabulary: BTreeMap<String, u32>,
}

/// An intent of the model.
#[derive(Debug)]
struct Class {
    name: String,
    priority: i64,
    /// Its rows.
    rows: Range<usize>,
    /// Stems of the words of its phrases.
    words: HashSet<String>,
    /// The agent's own entity types that its phrases annotate, `@` included.
    types: BTreeSet<String>,
    /// Entity types of which a value alone is a phrase of it, `@` included.
    lone_types: BTreeSet<String>,
}

/// An utterance as the model sees it.
#[derive(Debug)]
pub(super) struct Sample {
    /// The stems of its words with how much each says: rare ones say more.
    words: Vec<(String, f32)>,
    /// Entity types of which a value is in it, `@` included.
    types: BTreeSet<String>,
    vector: Vector,
}

/// An intent with the model's decision for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decided<'a> {
    /// Display name.
    pub(super) intent: &'a str,
    /// The decision: 1 for a typical phrase of it, -1 for a typical one of the others.
    svm: f32,
    /// The likeness to its most similar phrase, 0 to 1.
    cosine: f32,
    /// The share of the utterance that is in words of its phrases in any form, 0 to 1.
    familiarity: f32,
    priority: i64,
    /// How many phrases it has.
    phrases: usize,
    /// Whether the utterance has a value such as its phrases annotate.
    has_value: bool,
}

impl Decided<'_> {
    /// What the intents of a flow are ordered by. Of intents on one subject the one that takes the value named is
    /// meant (nlu 3.2): three recorded turns of one agent, none against it.
    pub(super) fn rank(&self) -> f32 {
        let value = if self.has_value { RANK_VALUE } else { 0.0 };
        self.svm + RANK_COSINE * self.cosine + value
    }

    /// What decides whether the intent matches at all (nlu 3.3). Words that the intent never uses speak against it,
    /// however well the others fit: 13 recorded turns of two agents decide, one to the contrary.
    pub(super) fn score(&self) -> f32 {
        self.svm + self.cosine + FAMILIARITY * (self.familiarity - USUAL_FAMILIARITY)
    }
}

/// The best of the intents, which are sorted, that are in scope. Of such as fit equally well the one of the highest
/// priority wins (cx-runtime 14.1), then the one of fewer phrases, as where they share the very phrase (nlu 1.4): three
/// recordings, none against it.
pub(super) fn best<'d, 'a>(
    decided: &'d [Decided<'a>],
    in_scope: impl Fn(&str) -> bool,
) -> Option<&'d Decided<'a>> {
    let mut candidates = decided.iter().filter(|one| in_scope(one.intent));
    let first = candidates.next()?;
    let rivals = candidates.take_while(|one| first.rank() >= SURE && first.rank() - one.rank() <= TIE);
    std::iter::once(first)
        .chain(rivals)
        .min_by_key(|one| (Reverse(one.priority), one.phrases))
}

impl Model {
    /// Trains the model of a flow.
    pub(super) fn train(agent: &Agent, flow: &Flow, language: &str) -> Self {
        let intents: Vec<(&str, &Intent)> = referenced(agent, flow)
            .into_iter()
            .filter_map(|name| agent.intents.get(name).map(|intent| (name, intent)))
            .filter(|(_, intent)| is_matched(intent) && !phrases(intent, language).is_empty())
            .collect();
        let mut this = Self {
            templates: Templates::new(agent, intents.iter().map(|(_, intent)| *intent), language),
            language: language.to_owned(),
            ..Self::default()
        };
        this.vocabulary = this.templates.words().map(|word| (word.to_owned(), 0)).collect();
        let mut bags = Vec::new();
        for (name, intent) in intents {
            let begin = bags.len();
            bags.extend(
                phrases(intent, language)
                    .iter()
                    .map(|phrase| this.read(phrase, intent)),
            );
            let lone_types = phrases(intent, language)
                .iter()
                .filter_map(|phrase| lone_type(phrase, intent))
                .collect();
            let used = phrases(intent, language)
                .iter()
                .flat_map(|phrase| words(&text_of(phrase)));
            this.classes.push(Class {
                name: name.to_owned(),
                priority: priority(intent),
                rows: begin..bags.len(),
                words: used.map(|word| stem(&word.text, language).to_owned()).collect(),
                types: annotated_types(phrases(intent, language), intent),
                lone_types,
            });
        }
        for negative in agent.intents.values().filter(|intent| intent.is_fallback) {
            bags.extend(
                phrases(negative, language)
                    .iter()
                    .map(|phrase| this.read(phrase, negative)),
            );
        }
        this.vectoriser = Vectoriser::fit(&bags, WEIGHT_LIMIT / this.classes.len().max(1));
        let mut rows = Rows::default();
        for bag in &bags {
            rows.push(&this.vectoriser.vector(bag));
        }
        this.count = rows.len();
        this.solve(&rows);
        this.phrases = Postings::of(&rows, this.vectoriser.width());
        this
    }

    /// Takes a phrase apart and notes its words.
    fn read(&mut self, phrase: &TrainingPhrase, intent: &Intent) -> Bags {
        let found = words(&text_of(phrase));
        for word in &found {
            *self.vocabulary.entry(word.text.clone()).or_default() += 1;
        }
        Bags::new(
            found.iter().map(|word| word.text.as_str()),
            &self.templates.of_phrase(phrase, intent),
        )
    }

    fn solve(&mut self, rows: &Rows) {
        let width = self.vectoriser.width();
        let classes = self.classes.len();
        self.weights = vec![0.0; (width + 1) * classes];
        if self.classes.is_empty() || self.is_only() {
            return;
        }
        for (number, class) in self.classes.iter().enumerate() {
            let positive: Vec<bool> = (0..rows.len()).map(|row| class.rows.contains(&row)).collect();
            let learnt = train(rows, &positive, width);
            for (column, weight) in learnt.into_iter().enumerate() {
                if let Some(place) = self.weights.get_mut(column * classes + number) {
                    *place = weight;
                }
            }
        }
    }

    /// Prepares an utterance of these normalised words; `values` are values of system types in it with their types,
    /// the longest first.
    pub(super) fn sample(&self, words: &[&str], values: &[(Range<usize>, String)]) -> Sample {
        let template = self.templates.of(words, values);
        let vector = self
            .vectoriser
            .vector(&Bags::new(words.iter().copied(), &template));
        let stem = |word: &str| stem(word, &self.language).to_owned();
        let words = words.iter().map(|word| (stem(word), self.weight(word)));
        let words = words.collect();
        let names = template.iter().flat_map(|slot| &slot.names);
        let types = names
            .filter(|name| name.starts_with('@'))
            .map(std::string::ToString::to_string);
        Sample {
            words,
            types: types.collect(),
            vector,
        }
    }

    /// How much a word says, from how many phrases have it.
    fn weight(&self, word: &str) -> f32 {
        let texts = u32::try_from(self.count).unwrap_or(u32::MAX);
        let share =
            f64::from(texts.saturating_add(1)) / f64::from(self.frequency(word).unwrap_or_default() + 1);
        #[expect(clippy::cast_possible_truncation, reason = "a weight of a few units")]
        let weight = share.ln().max(0.0) as f32;
        weight + 1.0
    }

    /// The system types whose values make templates of this model's phrases.
    pub(super) fn system_types(&self) -> impl Iterator<Item = &str> {
        self.templates.system_types()
    }

    /// Entity types of which a value alone is a phrase of some intent.
    pub(super) fn lone_types(&self) -> BTreeSet<&str> {
        self.classes
            .iter()
            .flat_map(|class| &class.lone_types)
            .map(String::as_str)
            .collect()
    }

    /// The decisions for all intents of the flow, best first. `alone` are types of which the whole utterance is a
    /// value: it means an intent that has such a value as a phrase.
    pub(super) fn decide(&self, sample: &Sample, alone: &BTreeSet<&str>) -> Vec<Decided<'_>> {
        let likeness = self.likeness(sample);
        let only = self.is_only();
        // The part of the utterance that is in features of the flow's phrases.
        let share = sample.vector.square() / full_square();
        let intercepts = self.weights_of(self.vectoriser.width());
        let products = self.products(sample).into_iter().zip(intercepts);
        let decided = self
            .classes
            .iter()
            .zip(products)
            .map(|(class, (product, intercept))| {
                let of_class = likeness.get(class.rows.clone()).unwrap_or_default();
                let cosine = of_class.iter().copied().fold(0.0, f32::max);
                let fits = class.lone_types.iter().any(|lone| alone.contains(lone.as_str()));
                let known = if fits { 1.0 } else { f32::midpoint(share, cosine) };
                let svm = if only {
                    2.0 * cosine - 1.0
                } else {
                    product + tempered(*intercept, known)
                };
                Decided {
                    intent: &class.name,
                    svm: if fits { svm + LONE_VALUE } else { svm },
                    cosine,
                    familiarity: class.familiarity(&sample.words),
                    priority: class.priority,
                    phrases: class.rows.len(),
                    has_value: !class.types.is_disjoint(&sample.types),
                }
            });
        let mut decided: Vec<Decided<'_>> = decided.collect();
        decided.sort_by(|a, b| b.rank().total_cmp(&a.rank()).then(a.intent.cmp(b.intent)));
        decided
    }

    /// Whether there is nothing to tell the only intent from.
    fn is_only(&self) -> bool {
        matches!(self.classes.as_slice(), [only] if only.rows.len() == self.count)
    }

    /// The products of the utterance with the weights of every class, without the intercepts.
    fn products(&self, sample: &Sample) -> Vec<f32> {
        let mut sums = vec![0.0_f32; self.classes.len()];
        for (column, value) in sample.vector.columns.iter().zip(&sample.vector.values) {
            for (sum, weight) in sums.iter_mut().zip(self.weights_of(*column as usize)) {
                *sum += value * weight;
            }
        }
        sums
    }

    /// The weights of a column, class by class.
    fn weights_of(&self, column: usize) -> &[f32] {
        let classes = self.classes.len();
        let weights = self.weights.get(column * classes..(column + 1) * classes);
        weights.unwrap_or_default()
    }

    /// The likeness of the utterance and each phrase.
    fn likeness(&self, sample: &Sample) -> Vec<f32> {
        let full = full_square();
        let mut likeness = self.phrases.products(&sample.vector);
        for product in &mut likeness {
            *product /= full;
        }
        likeness
    }

    /// How often a known word occurs in the phrases; words of values may not occur there at all.
    pub(super) fn frequency(&self, word: &str) -> Option<u32> {
        self.vocabulary.get(word).copied()
    }

    /// The known words that start with a letter.
    pub(super) fn words_from(&self, first: char) -> impl Iterator<Item = &str> {
        let start = first.to_string();
        self.vocabulary
            .range(start..)
            .map(|(word, _)| word.as_str())
            .take_while(move |word| word.starts_with(first))
    }
}

impl Class {
    /// The share of what these words say that words of the intent's phrases say.
    fn familiarity(&self, words: &[(String, f32)]) -> f32 {
        let weight = |(_, weight): &(String, f32)| *weight;
        let known = words.iter().filter(|(word, _)| self.words.contains(word));
        let all: f32 = words.iter().map(weight).sum();
        known.map(weight).sum::<f32>() / all.max(1.0)
    }
}

/// The part of a decision that does not come from the utterance. Of one that shares nothing with the phrases only this
/// remains, and in a model of few intents it lies above the limit (nlu 4): so far as an utterance is unknown, what a typical
/// phrase of no intent comes to takes its place.
fn tempered(intercept: f32, known: f32) -> f32 {
    let share = (known / KNOWN_ENOUGH).min(1.0);
    share * intercept + (1.0 - share) * intercept.min(TYPICAL_OF_NONE)
}

/// The squared length of a text all of whose features are known.
fn full_square() -> f32 {
    BLOCK_WEIGHTS.iter().map(|weight| weight * weight).sum()
}

/// The agent's own types of the values that phrases annotate.
fn annotated_types(phrases: &[TrainingPhrase], intent: &Intent) -> BTreeSet<String> {
    let used: BTreeSet<&str> = phrases
        .iter()
        .flat_map(|phrase| &phrase.parts)
        .map(|part| part.parameter_id.as_str())
        .collect();
    let own = intent.parameters.iter().filter(|parameter| {
        used.contains(parameter.id.as_str()) && !parameter.entity_type.starts_with("@sys.")
    });
    own.map(|parameter| parameter.entity_type.clone()).collect()
}

/// The type of the value that is the whole phrase.
fn lone_type(phrase: &TrainingPhrase, intent: &Intent) -> Option<String> {
    let mut spoken = phrase.parts.iter().filter(|part| !words(&part.text).is_empty());
    let part = spoken.next().filter(|part| !part.parameter_id.is_empty())?;
    let parameter = intent
        .parameters
        .iter()
        .find(|parameter| parameter.id == part.parameter_id)?;
    spoken.next().is_none().then(|| parameter.entity_type.clone())
}

/// Names of the intents that any route of the flow, its pages and its route groups mentions, in order.
pub(super) fn referenced<'a>(agent: &'a Agent, flow: &'a Flow) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    let mut add = |routes: &'a [Route]| {
        names.extend(
            routes
                .iter()
                .map(|route| route.intent.as_str())
                .filter(|name| !name.is_empty()),
        );
    };
    add(&flow.transition_routes);
    flow.groups
        .values()
        .for_each(|group| add(&group.transition_routes));
    let mut used: BTreeSet<&str> = BTreeSet::new();
    used.extend(
        flow.transition_route_groups
            .iter()
            .chain(&flow.agent_transition_route_groups)
            .map(String::as_str),
    );
    for page in flow.pages.values() {
        add(&page.transition_routes);
        used.extend(
            page.transition_route_groups
                .iter()
                .chain(&page.agent_transition_route_groups)
                .map(String::as_str),
        );
    }
    for group in used.into_iter().filter_map(|name| agent.route_groups.get(name)) {
        add(&group.transition_routes);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(intent: &str, svm: f32, familiarity: f32, phrases: usize) -> Decided<'_> {
        Decided {
            intent,
            svm,
            cosine: 0.5,
            familiarity,
            priority: 500_000,
            phrases,
            has_value: false,
        }
    }

    #[test]
    fn a_value_that_the_intent_takes_speaks_for_it() {
        let plain = decided("a", 0.5, 1.0, 1);
        let valued = Decided {
            has_value: true,
            svm: 0.4,
            ..plain.clone()
        };
        assert!(valued.rank() > plain.rank());
        assert!(valued.score() < plain.score(), "it does not make a match of none");
    }

    #[test]
    fn words_an_intent_never_uses_speak_against_it() {
        let (strange, familiar) = (decided("a", -0.6, 0.2, 1), decided("a", -0.6, 1.0, 1));
        assert!((familiar.score() - strange.score() - 0.8 * FAMILIARITY).abs() < 1e-6);
        assert!((strange.rank() - familiar.rank()).abs() < 1e-6, "the order stays");
    }

    #[test]
    fn among_equals_the_smaller_intent_wins() {
        let of = |svm: [f32; 3]| {
            let decided = [
                decided("large", svm[0], 1.0, 16),
                decided("elsewhere", svm[1], 1.0, 1),
                decided("small", svm[2], 1.0, 9),
            ];
            best(&decided, |name| name != "elsewhere").map(|one| one.intent.to_owned())
        };
        assert_eq!(of([1.0, 0.99, 0.97]).as_deref(), Some("small"));
        assert_eq!(of([1.0, 0.99, 0.9]).as_deref(), Some("large"), "that is no tie");
        assert_eq!(of([0.1, 0.09, 0.09]).as_deref(), Some("large"), "neither is sure");
    }

    #[test]
    fn among_equals_a_higher_priority_counts_most() {
        let small = decided("small", 0.97, 1.0, 1);
        let mut large = decided("large", 1.0, 1.0, 16);
        assert_eq!(
            best(&[large.clone(), small.clone()], |_| true).unwrap().intent,
            "small"
        );
        large.priority = 750_000;
        assert_eq!(best(&[large, small], |_| true).unwrap().intent, "large");
    }
}
