//! Everything below a set of subjects, read: the downward walk behind the list of what a recall reaches.
//!
//! Owns which edges are walked. From a part one comes to what it was put into, by the contents of that; never from an assembly to
//! its parts. Those between keys and those who granted them are not: what binds an administrator's key does not
//! reach what it granted (`State::parents`). Must never decide whether a part is reached: `life::Scope` does, by the rule that holds.

use super::{PgStore, inconsistent, sort_out};
use crate::ledger::storage::StorageError;
use std::collections::BTreeSet;
use threadmark_protocol::text::SubjectId;

impl PgStore {
    /// The parts below all of `anchors`, and the assemblies that any of them ever was in: no fewer than are reached. In the order of their ids, after `after`; at most `most`.
    ///
    /// # Errors
    /// Storage fails.
    pub async fn parts_below(
        &self,
        anchors: &BTreeSet<SubjectId>,
        after: &str,
        most: i64,
    ) -> Result<BTreeSet<SubjectId>, StorageError> {
        let anchors: Vec<_> = anchors.iter().map(ToString::to_string).collect();
        let rows = sqlx::query_scalar!(
            r#"with recursive down (anchor, id) as (
                   select id, id from unnest($1::text[]) as seed (id)
                   union
                   select down.anchor, parent.child
                   from down join parent on parent.parent = down.id
                   where parent.child not like 'org:%'
                     and not (parent.child like 'key:%' and (down.id like 'key:%' or down.id like 'proposal:%'))
                     and not (parent.child like 'part:%' and down.id like 'part:%')
               )
               select id as "id!"
               from (select distinct anchor, case when id like 'contents:%' then 'part:' || substr(id, 10) else id end as id
                     from down) as reached
               where id like 'part:%' and id > $2
               group by id having count(*) = cardinality($1)
               order by id limit $3"#,
            &anchors,
            after,
            most
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(sort_out)?;
        rows.iter()
            .map(|id| id.parse().map_err(inconsistent))
            .collect()
    }
}
