//! "Did you mean": the known name nearest to one that is not.

/// The known name nearest to `name`, if one is near enough to be meant.
pub fn nearest<'known>(name: &str, known: impl IntoIterator<Item = &'known str>) -> Option<&'known str> {
    let folded = name.to_lowercase();
    let length = folded.chars().count();
    known
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let other_length = other.chars().count();
            let shorter = length.min(other_length);
            let allowed = (shorter / 3).clamp(1, 4);
            if length.abs_diff(other_length) > allowed {
                // Every letter that one has more is a step of the distance, which is dear to find out.
                return None;
            }
            let distance = strsim::damerau_levenshtein(&folded, &other);
            (distance <= allowed && distance < shorter).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A `help:` line for a name that is not known: the nearest one, else all of them when they are few.
pub fn help(name: &str, known: &[&str]) -> Option<String> {
    const FEW: usize = 30;
    if let Some(nearest) = nearest(name, known.iter().copied()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    let all: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    (!all.is_empty() && all.len() <= FEW).then(|| format!("known here: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested() {
        let known = ["contains", "icontains", "intent", "page", "say", "date", "is"];
        for (name, expected) in [
            ("contians", Some("contains")),
            ("Intent", Some("intent")),
            ("pgae", Some("page")),
            ("sya", Some("say")),
            ("sy", Some("say")),
            ("reply", None),
            ("x", None),
            ("name", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
