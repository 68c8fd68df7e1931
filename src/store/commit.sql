-- One batch, in one statement, which is a transaction of its own: nothing is written without the fence, and other numbers of
-- rows than expected undo it.
with held as (
    -- Locked until the end of the transaction: no other writer takes the lease in between. A commit is a sign of life.
    update lease set expires_at = clock_timestamp() + make_interval(secs => $27) where fence = $1 returning fence
),
new_entry as (
    insert into entry (index, id, kid, seq, kind, subject, logged_at, envelope, body)
    select index, id, kid, seq, kind, subject, $2, envelope, body
    from held, unnest($3::bigint[], $4::bytea[], $5::bytea[], $6::bigint[], $7::text[],
                      $8::text[], $9::bytea[], $10::bytea[])
        as new (index, id, kid, seq, kind, subject, envelope, body)
    returning 1
),
new_section as (
    insert into sealed_section (index, name, bytes)
    select index, name, bytes
    from held, unnest($11::bigint[], $12::text[], $13::bytea[]) as new (index, name, bytes)
    returning 1
),
new_state as (
    insert into subject_state (id, kind, version, state)
    select id, kind, 1, state::json
    from held, unnest($14::text[], $15::text[], $16::text[]) as new (id, kind, state)
    on conflict (id) do update set state = excluded.state, version = subject_state.version + 1
    returning 1
),
new_edge as (
    insert into parent (child, parent)
    select child, parent from held, unnest($17::text[], $18::text[]) as new (child, parent)
    returning 1
),
new_mention as (
    insert into mention (subject, nth, index, head)
    select subject, nth, index, head
    from held, unnest($23::text[], $24::bigint[], $25::bigint[], $26::bytea[]) as new (subject, nth, index, head)
    returning 1
),
-- Compare-and-swap: the database refuses a second successor of one checkpoint.
new_checkpoint as (
    insert into checkpoint (size, previous_size, root, note, signed_at)
    select $19, $20, $21, $22, $2 from held
    returning 1
)
select expect_lease((select count(*) from held)) as "held!",
       expect_rows('entry', (select count(*) from new_entry), cardinality($3)) as "entries!",
       expect_rows('sealed_section', (select count(*) from new_section), cardinality($11)) as "sections!",
       expect_rows('subject_state', (select count(*) from new_state), cardinality($14)) as "states!",
       expect_rows('parent', (select count(*) from new_edge), cardinality($17)) as "edges!",
       expect_rows('mention', (select count(*) from new_mention), cardinality($23)) as "mentions!",
       expect_rows('checkpoint', (select count(*) from new_checkpoint), 1) as "checkpoints!"
