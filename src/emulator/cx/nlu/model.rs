//! The classifier of one flow in one language (nlu 3.2): one linear model per intent that any route of the flow
//! names, trained against the others and against the phrases of the default negative intent.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{BLOCK_WEIGHTS, Bags, Vector, Vectoriser};
use super::phrases::{is_matched, phrases, text_of};
use super::svm::{Rows, train};
use super::template::Templates;
use crate::emulator::cx::words::words;
use crate::export::agent::{Agent, Flow, Intent, Route, TrainingPhrase};

/// A trained model.
#[derive(Debug, Default)]
pub(super) struct Model {
    classes: Vec<Class>,
    vectoriser: Vectoriser,
    rows: Rows,
    /// Weights, all classes of a column side by side; the intercepts are the last column.
    weights: Vec<f32>,
    templates: Templates,
    /// Words of the phrases with how often they occur.
    vocabulary: BTreeMap<String, u32>,
}

/// An intent of the model.
#[derive(Debug)]
struct Class {
    name: String,
    /// Its rows.
    rows: std::ops::Range<usize>,
}

/// An utterance as the model sees it.
#[derive(Debug)]
pub(super) struct Sample {
    vector: Vector,
    dense: Vec<f32>,
}

/// An intent with the model's decision for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decided<'a> {
    /// Display name.
    pub(super) intent: &'a str,
    /// Where its class stands in the model.
    class: usize,
    /// The decision: 1 for a typical phrase of it, -1 for a typical one of the others.
    pub(super) svm: f32,
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
            ..Self::default()
        };
        let mut bags = Vec::new();
        for (name, intent) in intents {
            let begin = bags.len();
            bags.extend(
                phrases(intent, language)
                    .iter()
                    .map(|phrase| this.read(phrase, intent)),
            );
            this.classes.push(Class {
                name: name.to_owned(),
                rows: begin..bags.len(),
            });
        }
        for negative in agent.intents.values().filter(|intent| intent.is_fallback) {
            bags.extend(
                phrases(negative, language)
                    .iter()
                    .map(|phrase| this.read(phrase, negative)),
            );
        }
        this.vectoriser = Vectoriser::fit(&bags);
        for bag in &bags {
            this.rows.push(&this.vectoriser.vector(bag));
        }
        this.solve();
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

    fn solve(&mut self) {
        let width = self.vectoriser.width();
        let classes = self.classes.len();
        self.weights = vec![0.0; (width + 1) * classes];
        if self
            .classes
            .first()
            .is_none_or(|only| classes == 1 && only.rows.len() == self.rows.len())
        {
            return;
        }
        for (number, class) in self.classes.iter().enumerate() {
            let positive: Vec<bool> = (0..self.rows.len())
                .map(|row| class.rows.contains(&row))
                .collect();
            let learnt = train(&self.rows, &positive, width);
            for (column, weight) in learnt.into_iter().enumerate() {
                if let Some(place) = self.weights.get_mut(column * classes + number) {
                    *place = weight;
                }
            }
        }
    }

    /// Prepares an utterance of these normalised words.
    pub(super) fn sample(&self, words: &[&str]) -> Sample {
        let vector = self
            .vectoriser
            .vector(&Bags::new(words.iter().copied(), &self.templates.of(words)));
        let mut dense = vec![0.0; self.vectoriser.width()];
        for (column, value) in vector.columns.iter().zip(&vector.values) {
            if let Some(place) = dense.get_mut(*column as usize) {
                *place = *value;
            }
        }
        Sample { vector, dense }
    }

    /// The decisions for all intents of the flow, best first.
    pub(super) fn decide(&self, sample: &Sample) -> Vec<Decided<'_>> {
        let classes = self.classes.len();
        let mut sums = vec![0.0_f32; classes];
        let intercept = (self.vectoriser.width(), 1.0);
        let entries = sample
            .vector
            .columns
            .iter()
            .map(|column| *column as usize)
            .zip(sample.vector.values.iter().copied());
        for (column, value) in entries.chain([intercept]) {
            let weights = self
                .weights
                .get(column * classes..(column + 1) * classes)
                .unwrap_or_default();
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
        let alone = classes == 1
            && self
                .classes
                .first()
                .is_some_and(|only| only.rows.len() == self.rows.len());
        let mut decided: Vec<Decided<'_>> = self
            .classes
            .iter()
            .zip(sums)
            .enumerate()
            .map(|(class, (known, svm))| Decided {
                intent: known.name.as_str(),
                class,
                svm,
            })
            .collect();
        if alone {
            for one in &mut decided {
                one.svm = 2.0 * self.cosine(sample, one) - 1.0;
            }
        }
        decided.sort_by(|a, b| b.svm.total_cmp(&a.svm).then(a.class.cmp(&b.class)));
        decided
    }

    /// The largest cosine between the utterance and a phrase of the intent.
    pub(super) fn cosine(&self, sample: &Sample, decided: &Decided<'_>) -> f32 {
        self.nearest(sample, decided).map_or(0.0, |(_, cosine)| cosine)
    }

    /// The phrase of the intent most like the utterance: its position among the intent's phrases, and the cosine.
    fn nearest(&self, sample: &Sample, decided: &Decided<'_>) -> Option<(usize, f32)> {
        let rows = self.classes.get(decided.class)?.rows.clone();
        let full: f32 = BLOCK_WEIGHTS.iter().map(|weight| weight * weight).sum();
        let similar = rows
            .enumerate()
            .map(|(phrase, row)| (phrase, self.rows.dot(row, &sample.dense) / full));
        similar.max_by(|(one, a), (other, b)| a.total_cmp(b).then(other.cmp(one)))
    }

    /// The phrases of an intent by likeness to the utterance, the most similar first, at most `count`.
    pub(super) fn neighbours(&self, sample: &Sample, intent: &str, count: usize) -> Vec<(usize, f32)> {
        let Some(class) = self.classes.iter().find(|class| class.name == intent) else {
            return Vec::new();
        };
        let full: f32 = BLOCK_WEIGHTS.iter().map(|weight| weight * weight).sum();
        let mut similar: Vec<(usize, f32)> = class
            .rows
            .clone()
            .enumerate()
            .map(|(phrase, row)| (phrase, self.rows.dot(row, &sample.dense) / full))
            .collect();
        similar.sort_by(|(one, a), (other, b)| b.total_cmp(a).then(one.cmp(other)));
        similar.truncate(count);
        similar
    }

    /// How often a word occurs in the phrases.
    pub(super) fn frequency(&self, word: &str) -> u32 {
        self.vocabulary.get(word).copied().unwrap_or_default()
    }

    /// The words of the phrases that start with a letter.
    pub(super) fn words_from(&self, first: char) -> impl Iterator<Item = &str> {
        let start = first.to_string();
        self.vocabulary
            .range(start..)
            .map(|(word, _)| word.as_str())
            .take_while(move |word| word.starts_with(first))
    }
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
