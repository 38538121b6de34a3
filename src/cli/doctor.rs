//! `turnproof doctor`: what is wrong on the way to the targets.

use super::args::{DoctorArgs, DoctorFormat};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::endpoint::CredentialPolicy;
use crate::model::examination::{Examination, Step};
use crate::redact::{Redactor, shorten};
use crate::report::{Look, examination};
use crate::runner::fresh_seed;
use crate::settings::Settings;
use crate::settings::root::Root;
use crate::settings::target::TargetEntry;
use crate::suite::discover::default_path;
use crate::target::Means;
use crate::target::doctor;

/// Nobody reads more of what a step has found, in characters.
const LONGEST_FOUND: usize = 1_000;

pub(super) fn doctor(args: &DoctorArgs, here: &Surroundings, console: Console) -> Result<Exit, Failure> {
    let settings = settings(args, here)?;
    let entries = entries(args, &settings)?;
    let means = Means {
        policy: CredentialPolicy {
            universe: here.universe.clone(),
            allowed_hosts: args.allow_credentials_to.clone(),
        },
        variables: here.way.clone(),
        seed: fresh_seed(),
        ..Means::default()
    };
    let say = (!args.no_turn).then_some(args.say.as_str());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut examinations = runtime.block_on(examine(&entries, &means, say, &settings.redactor));
    // Nothing that still waits (an idle connection, a late answer) may hold up the end.
    runtime.shutdown_background();
    for examination in &mut examinations {
        hide(examination, &settings.redactor);
    }
    console.print(&match args.format {
        DoctorFormat::Terminal => examination::render(&examinations, Look::of_stdout(console.colors_out())),
        DoctorFormat::Json => examination::json(&examinations)?,
    })?;
    Ok(exit(&examinations))
}

fn settings(args: &DoctorArgs, here: &Surroundings) -> Result<Settings, Failure> {
    let directory = &here.working_directory;
    let path = args.path.clone().unwrap_or_else(|| default_path(directory));
    let root = Root::locate(&[path], directory)?;
    let (settings, mut problems) = Settings::load(&root, &here.environment(&args.allowed_variables));
    if let Some(settings) = &settings {
        problems.extend(settings.unlisted(&args.allowed_variables));
    }
    match settings.filter(|_| !problems.iter().any(Diagnostic::is_error)) {
        Some(settings) => Ok(settings),
        None => Err(problems.into()),
    }
}

/// The targets that are meant.
fn entries<'s>(args: &DoctorArgs, settings: &'s Settings) -> Result<Vec<&'s TargetEntry>, Failure> {
    let known: Vec<&str> = settings.targets.iter().map(|entry| entry.name.as_str()).collect();
    if known.is_empty() {
        return Err(Failure::Nothing {
            message: format!("{} has no targets", settings.file.path.display()),
            help: "a target says what is tested: `targets: { NAME: { backend: emulator, agent: EXPORT } }`"
                .to_owned(),
        });
    }
    let unknown = args.target.iter().filter(|name| !known.contains(&name.as_str()));
    let problems: Vec<Diagnostic> = unknown
        .map(|name| {
            let message = format!("the settings have no target `{name}`");
            let mut problem = Diagnostic::error("unknown-target", message);
            problem.help.extend(suggest::help(name, &known));
            problem
        })
        .collect();
    if !problems.is_empty() {
        return Err(problems.into());
    }
    let meant = |entry: &&TargetEntry| args.target.is_empty() || args.target.contains(&entry.name);
    Ok(settings.targets.iter().filter(meant).collect())
}

/// Examines what can be used, and says of the others why they cannot.
async fn examine(
    entries: &[&TargetEntry],
    means: &Means,
    say: Option<&str>,
    redactor: &Redactor,
) -> Vec<Examination> {
    let problems: Vec<Vec<Diagnostic>> = entries.iter().map(|entry| problems(entry, means)).collect();
    let with_problems = || entries.iter().zip(&problems);
    let usable: Vec<_> = with_problems()
        .filter(|(_, problems)| problems.is_empty())
        .filter_map(|(entry, _)| entry.target.as_ref())
        .collect();
    let examined = doctor::examine(&usable, means, say, redactor).await;
    let mut examined = examined.into_iter().peekable();
    let of_entry = |(entry, problems): (&&TargetEntry, &Vec<Diagnostic>)| {
        let ready = examined.next_if(|examination| examination.target == entry.name);
        ready.unwrap_or_else(|| unusable(entry, problems))
    };
    with_problems().map(of_entry).collect()
}

/// Why a target cannot be used as the settings have it.
fn problems(entry: &TargetEntry, means: &Means) -> Vec<Diagnostic> {
    let credentials = entry
        .target
        .as_ref()
        .and_then(|target| target.credentials_problem(&means.policy));
    entry.unusable.iter().cloned().chain(credentials).collect()
}

fn unusable(entry: &TargetEntry, problems: &[Diagnostic]) -> Examination {
    let messages = each_once(problems.iter().map(|problem| &problem.message));
    let help = each_once(problems.iter().flat_map(|problem| &problem.help));
    let help = (!help.is_empty()).then(|| help.join("; "));
    let mut examination = doctor::unusable(
        &entry.name,
        entry.target.as_ref(),
        &messages.join("; "),
        help.as_deref(),
    );
    // With what stands in for the variable, nobody would know the name again.
    if let Some(written) = &entry.unfilled_subject {
        examination.subject.clone_from(written);
    }
    examination
}

/// A variable that is used twice is missing once.
fn each_once<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<&'t str> {
    let mut kept = Vec::new();
    for text in texts {
        if !kept.contains(&text.as_str()) {
            kept.push(text.as_str());
        }
    }
    kept
}

fn hide(examination: &mut Examination, redactor: &Redactor) {
    examination.subject = redactor.text(&examination.subject).into_owned();
    for examined in &mut examination.steps {
        examined.found = redactor.text(&examined.found).into_owned();
        shorten(&mut examined.found, LONGEST_FOUND);
        examined.hint = examined
            .hint
            .as_deref()
            .map(|hint| redactor.text(hint).into_owned());
    }
}

/// Wrong settings weigh more: they are the user's to mend.
fn exit(examinations: &[Examination]) -> Exit {
    let mut bad = examinations.iter().filter_map(Examination::first_bad).peekable();
    if bad.peek().is_none() {
        Exit::Success
    } else if bad.any(|step| step == Step::Settings) {
        Exit::Invalid
    } else {
        Exit::CouldNotTest
    }
}
