//! Rules of design allowables: who publishes one, what cannot be, and that one is computed anew.

use super::{Changes, Context, Refusal, refuse, require};
use crate::body::allowable::{AllowablePublished, AllowableRecomputed, Analysis, Basis, NAMED_MAX};
use crate::body::governance::{Function, Role};
use crate::code::Code;
use crate::world::Data;
use crate::world::bounds::RECOMPUTED_MAX;

pub fn published(context: &Context, says: &AllowablePublished) -> Result<Changes, Refusal> {
    context.require_function(&[Function::Oem, Function::Authority])?;
    context.require_role(&[Role::DesignAuthority, Role::Certifier])?;
    let id = context.new_subject("allowable")?;
    let right = says.value > 0
        && says.batches >= 1
        && says.specimens >= says.batches
        && says.dataset.is_coherent();
    require(
        right,
        Code::WrongSubject,
        "A value above 0 rests on at least one specimen from each batch.",
    )?;
    let is_of =
        |kinds: &'static [&str]| move |id: &&crate::text::SubjectId| kinds.contains(&id.kind());
    let named = says.data_of.len() <= NAMED_MAX
        && says.machines.len() <= NAMED_MAX
        && says
            .data_of
            .iter()
            .filter(is_of(&["lot", "build", "machine"]))
            .count()
            == says.data_of.len()
        && says.machines.iter().filter(is_of(&["machine"])).count() == says.machines.len();
    require(
        named,
        Code::WrongSubject,
        "Data are of at most 32 lots, builds and machines, specimens of at most 32 machines.",
    )?;
    if let Some(analysis) = &says.analysis {
        must_be_sound(analysis, says.basis, says.value)?;
    }
    let data = Data::Allowable {
        allowable: Box::new(says.clone()),
        source: context.source.clone(),
        recomputed: Vec::new(),
    };
    Ok(Changes::default().set(id, data))
}

/// By who published it. The value that designs rest on stays; whether they still may is asked of them.
pub fn recomputed(context: &Context, says: &AllowableRecomputed) -> Result<Changes, Refusal> {
    context.require_role(&[Role::DesignAuthority, Role::Certifier])?;
    let id = context.subject("allowable")?.clone();
    let mut state = context.known(&id)?.clone();
    let Data::Allowable {
        allowable,
        source,
        recomputed,
    } = &mut state.data
    else {
        return refuse(Code::WrongSubject, "no allowable");
    };
    context.require_own(&source.org)?;
    let right = says.value > 0
        && says.batches >= 1
        && says.specimens >= says.batches
        && is_less(allowable, recomputed.last().map(|(says, _)| says), says)
        && says.dataset.is_coherent()
        && says.dataset != allowable.dataset
        && !says.without.is_empty()
        && says.without.is_subset(&allowable.data_of);
    require(
        right,
        Code::WrongSubject,
        "It leaves out data that the allowable names, and rests on what is left of them.",
    )?;
    must_be_sound(&says.analysis, allowable.basis, says.value)?;
    require(
        recomputed.len() < RECOMPUTED_MAX,
        Code::TooManyReports,
        "It was computed anew 64 times.",
    )?;
    recomputed.push((says.clone(), context.source.clone()));
    Ok(Changes::default().set(id, state))
}

/// Whether it rests on less than what it takes the place of: what was left out stays out, and specimens went with it.
fn is_less(
    of: &AllowablePublished,
    before: Option<&AllowableRecomputed>,
    says: &AllowableRecomputed,
) -> bool {
    says.specimens < of.specimens
        && says.batches <= of.batches
        && before.is_none_or(|before| {
            says.without.is_superset(&before.without)
                && says.specimens <= before.specimens
                && says.batches <= before.batches
        })
}

fn must_be_sound(analysis: &Analysis, basis: Basis, value: i64) -> Result<(), Refusal> {
    match analysis.problem(basis, value) {
        Some(problem) => refuse(Code::WrongSubject, problem),
        None => Ok(()),
    }
}
