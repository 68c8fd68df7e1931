//! What was measured on the coupons of a build, as far as its parts depend on it.
//!
//! Owns which tests count, and what the approval asks for. A test that failed counts whichever coupon it names; one that passed only if
//! the order names the coupon. Must never know how a failure is decided.

use super::super::{Hold, Life};
use super::Above;
use crate::body::governance::Function;
use crate::body::quality::Tested;
use crate::code::Code;
use crate::statement::StatementId;
use crate::text::{Line, OrgId};
use crate::world::bounds::TESTS_MAX;
use crate::world::{Report, Source, World};
use std::collections::{BTreeMap, BTreeSet};

impl Above {
    /// Whether a test of its coupons counts for a part: by whom the part or its making concerns. Anybody else's is shown.
    fn may_test(&self, world: &World, life: &Life, by: &Source) -> bool {
        let maker = self.build.as_ref().map(|(_, start, _)| &start.source.org);
        let concerned = [
            maker,
            self.design_authority(),
            life.custodian.as_ref(),
            life.owner.as_ref(),
        ];
        concerned.contains(&Some(&by.org))
            || self.lets_inspect(&by.org)
            || world.has_function(&by.org, Function::Authority, by.place())
    }

    /// Whether an organisation inspects for the maker, or approved the design.
    pub(in super::super) fn lets_inspect(&self, org: &OrgId) -> bool {
        let order = self.order.as_ref();
        order.is_some_and(|order| order.says.laboratories.contains(org))
            || self.approver() == Some(org)
    }

    /// Tests of its coupons by who may inspect; other people's are logged and count for nothing.
    pub fn coupon_tests(&self) -> impl Iterator<Item = &Report<Tested>> {
        self.tests.iter().filter(|test| test.noted.is_empty())
    }

    /// A test of one of its coupons.
    pub fn coupon_test(&self, id: StatementId) -> Option<&Report<Tested>> {
        self.coupon_tests().find(|test| test.source.statement == id)
    }

    /// All of them.
    pub fn coupon_test_ids(&self) -> BTreeSet<StatementId> {
        let tests = self.coupon_tests();
        tests.map(|test| test.source.statement).collect()
    }

    /// Coupons that the order names.
    pub(super) fn coupons(&self) -> Option<&BTreeSet<Line>> {
        self.order.as_ref().map(|order| &order.says.coupons)
    }

    pub(super) fn coupon_problems(&self, world: &World, life: &Life) -> Vec<Hold> {
        let Some(build) = self.build_id() else {
            return Vec::new();
        };
        let is_open = |test: &&Report<Tested>| {
            !test.says.passed() && !life.decided.contains(&test.source.statement)
        };
        let counting = || {
            let tests = self.coupon_tests();
            tests.filter(|test| self.may_test(world, life, &test.source))
        };
        let failed = counting().filter(is_open);
        let mut holds: Vec<_> = failed
            .map(|test| Hold {
                detail: Some(test.says.test.to_string()),
                ..Hold::by(Code::Nonconforming, build, &test.source)
            })
            .collect();
        let missing = self.missing_tests(world, life).into_iter();
        holds.extend(missing.map(|name| Hold {
            detail: Some(name.to_string()),
            ..Hold::new(Code::TestMissing, build)
        }));
        let mut by_org: BTreeMap<&OrgId, Vec<u64>> = BTreeMap::new();
        for test in counting() {
            by_org
                .entry(&test.source.org)
                .or_default()
                .push(test.source.since());
        }
        // Beyond them none is kept.
        let crowded = by_org.values().filter(|tests| tests.len() >= TESTS_MAX);
        holds.extend(crowded.map(|tests| Hold {
            since: tests.iter().copied().max().unwrap_or(0),
            ..Hold::new(Code::TooManyReports, build)
        }));
        holds
    }

    /// Tests that the approval asks for and that nobody made whose key is to be believed, against a limit, and who did not order
    /// the build where the policy asks for three people.
    fn missing_tests(&self, world: &World, life: &Life) -> Vec<&Line> {
        let Some((_, Some(granted))) = self.approval() else {
            return Vec::new();
        };
        let is_made = |name: &Line| {
            let mut tests = self.coupon_tests();
            tests.any(|test| {
                let coupon = test.says.specimen.as_ref();
                let coupons = self.coupons();
                test.says.test == *name
                    && test.says.has_limit()
                    && self.may_test(world, life, &test.source)
                    && !self.breaks_independence(world, &[&test.source])
                    && coupon.is_some_and(|of| coupons.is_some_and(|all| all.contains(of)))
                    && super::super::doubts(world, &test.source).is_empty()
            })
        };
        let asked = granted.coupon_tests.iter();
        asked.filter(|name| !is_made(name)).collect()
    }
}
