//! Rules of designs and their approvals.

use super::{Changes, Context, Refusal, refuse, require, waits_for};
use crate::body::design::{
    ApprovalGranted, ApprovalRequested, ApprovalRevoked, DesignPublished, DesignSuperseded,
    DesignWithdrawn, Effect, FileUse,
};
use crate::body::governance::{Function, Role};
use crate::body::usage::{LifeLimit, LifeLimited};
use crate::code::Code;
use crate::world::bounds::LIMITS_MAX;
use crate::world::{Data, Restriction, RestrictionKind, State, claim_subject};
use std::collections::BTreeSet;

/// Most files of one design.
const FILES_MAX: usize = 64;
/// Most tests of coupons that one approval asks for.
const COUPON_TESTS_MAX: usize = 16;

pub fn published(context: &Context, says: &DesignPublished) -> Result<Changes, Refusal> {
    context.require_function(&[Function::Oem])?;
    context.require_role(&[Role::DesignAuthority])?;
    let id = context.new_subject("design")?;
    let geometries = says
        .files
        .iter()
        .filter(|file| file.use_as == FileUse::Geometry)
        .count();
    let coherent = says.files.len() <= FILES_MAX
        && says
            .files
            .iter()
            .all(|file| file.artifact.plain.is_coherent() && file.artifact.sealed.is_coherent());
    require(
        geometries == 1 && coherent,
        Code::WrongSubject,
        "Exactly one file is the geometry, and digests cohere.",
    )?;
    require(
        says.mass.is_none_or(|mass| mass.is_sound()),
        Code::WrongSubject,
        "A part has a volume and a density above 0, and at most 500 per mille of tolerance.",
    )?;
    let claim = claim_subject(context.org, &says.part_number, &says.revision);
    let detail = format!("{} {}", says.part_number, says.revision);
    require(
        context.world.get(&claim).is_none(),
        Code::AlreadyExists,
        detail,
    )?;
    let design = Data::Design {
        design: Box::new(says.clone()),
        source: context.source.clone(),
    };
    Ok(Changes::default()
        .set(id.clone(), design)
        .set(claim, Data::Claim { by: id }))
}

/// Restrictive: binds at the first signature, however often it is said.
pub fn withdrawn(context: &Context, says: &DesignWithdrawn) -> Result<Changes, Refusal> {
    restrict_design(
        context,
        RestrictionKind::Withdrawn,
        says.effect,
        says.reason.to_string(),
    )
}

pub fn superseded(context: &Context, says: &DesignSuperseded) -> Result<Changes, Refusal> {
    context.known(&says.by)?;
    let right = says.by.kind() == "design" && says.by != *context.sub();
    require(
        right,
        Code::WrongSubject,
        "A design is superseded by another design.",
    )?;
    restrict_design(
        context,
        RestrictionKind::Superseded,
        says.effect,
        says.by.to_string(),
    )
}

fn restrict_design(
    context: &Context,
    kind: RestrictionKind,
    effect: Effect,
    reason: String,
) -> Result<Changes, Refusal> {
    context.require_role(&[Role::DesignAuthority])?;
    let state = context.known(context.subject("design")?)?.clone();
    let Data::Design { source, .. } = &state.data else {
        return refuse(Code::WrongSubject, "no design");
    };
    context.require_own(&source.org)?;
    Ok(restricted(
        context,
        state,
        restriction(context, kind, effect, reason),
    ))
}

fn restricted(context: &Context, mut state: State, restriction: Restriction) -> Changes {
    let mut changes = Changes::default();
    if !state.restrict(restriction) {
        changes.findings.insert(Code::TooManyReports);
    }
    changes.set(context.sub().clone(), state)
}

fn restriction(
    context: &Context,
    kind: RestrictionKind,
    effect: Effect,
    reason: String,
) -> Restriction {
    let source = context.source.clone();
    let also = BTreeSet::new();
    Restriction {
        kind,
        source,
        effect,
        from: None,
        until: None,
        also,
        reason,
        lifted: None,
    }
}

pub fn approval_requested(context: &Context, says: &ApprovalRequested) -> Result<Changes, Refusal> {
    context.require_role(&[Role::DesignAuthority])?;
    let id = context.new_subject("approval")?;
    let Data::Design { design, source } = &context.known(&says.design)?.data else {
        return refuse(Code::WrongSubject, "no design");
    };
    context.require_own(&source.org)?;
    require(
        !says.substantiation.is_empty(),
        Code::WrongSubject,
        "Nothing substantiates the design.",
    )?;
    require(
        says.allowables().count() <= 16,
        Code::WrongSubject,
        "More than 16 allowables.",
    )?;
    for cited in says.allowables() {
        let Data::Allowable { allowable, .. } = &context.known(cited)?.data else {
            return refuse(Code::WrongSubject, format!("{cited} is no allowable."));
        };
        let covers = allowable.envelope.covers(&design.envelope);
        require(covers, Code::AllowableOutsideEnvelope, cited.as_str())?;
        let now = context.statement.body.occurred_at;
        let in_force = allowable.expires.is_none_or(|expires| now < expires);
        require(in_force, Code::AllowableExpired, cited.as_str())?;
    }
    let data = Data::Approval {
        request: says.clone(),
        source: context.source.clone(),
        granted: None,
        limits: Vec::new(),
    };
    Ok(Changes::default().set(id, data))
}

pub fn approval_granted(context: &Context, says: &ApprovalGranted) -> Result<Changes, Refusal> {
    context.require_function(&[Function::Authority])?;
    context.require_role(&[Role::Certifier])?;
    let mut state = context.known(context.subject("approval")?)?.clone();
    let Data::Approval {
        source, granted, ..
    } = &mut state.data
    else {
        return refuse(Code::WrongSubject, "no approval");
    };
    if source.statement != says.request {
        return waits_for(format!("the request {}", says.request));
    }
    require(
        source.org != *context.org,
        Code::NotIndependent,
        "Applicant and authority are one.",
    )?;
    require(
        granted.is_none(),
        Code::AlreadyExists,
        "It is granted already.",
    )?;
    let right = says.expires > context.statement.body.occurred_at;
    require(
        right,
        Code::ApprovalExpired,
        "It would expire before it begins.",
    )?;
    conditions_can_be(says)?;
    *granted = Some((says.clone(), context.source.clone()));
    Ok(Changes::default().set(context.sub().clone(), state))
}

fn conditions_can_be(says: &ApprovalGranted) -> Result<(), Refusal> {
    let is_limit = says.life.as_ref().is_none_or(LifeLimit::is_a_limit);
    require(
        is_limit,
        Code::WrongSubject,
        "The limit of life bounds nothing.",
    )?;
    require(
        says.coupon_tests.len() <= COUPON_TESTS_MAX,
        Code::WrongSubject,
        "More than 16 tests of coupons.",
    )
}

/// By the authority that granted the approval; it reaches all parts, and what it was before is in the log.
pub fn life_limited(context: &Context, says: &LifeLimited) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Certifier])?;
    let mut state = context.known(context.subject("approval")?)?.clone();
    let Data::Approval {
        granted: Some((_, source)),
        limits,
        ..
    } = &mut state.data
    else {
        return waits_for(format!("the grant of {}", context.sub()));
    };
    context.require_own(&source.org)?;
    let is_limit = says.limit.is_a_limit();
    require(is_limit, Code::WrongSubject, "The limit bounds nothing.")?;
    require(
        limits.len() < LIMITS_MAX,
        Code::TooManyReports,
        "The approval has 64 limits.",
    )?;
    limits.push((says.clone(), context.source.clone()));
    Ok(Changes::default().set(context.sub().clone(), state))
}

pub fn approval_revoked(context: &Context, says: &ApprovalRevoked) -> Result<Changes, Refusal> {
    context.require_role(&[Role::Certifier])?;
    let state = context.known(context.subject("approval")?)?.clone();
    let Data::Approval {
        granted: Some((_, source)),
        ..
    } = &state.data
    else {
        return waits_for(format!("the grant of {}", context.sub()));
    };
    context.require_own(&source.org)?;
    let reason = says.reason.to_string();
    let restriction = restriction(
        context,
        RestrictionKind::ApprovalRevoked,
        says.effect,
        reason,
    );
    Ok(restricted(context, state, restriction))
}
