-- Every report about a part writes its state anew, so that write must be cheap.

-- Text as it was written: nobody compares or searches whole states in SQL, and `jsonb` takes each apart and puts it
-- together again with every write and every read. What is asked for stands in columns of its own, which stay as
-- they are when a part's state changes: PostgreSQL then writes the new row beside the old one and touches no index (HOT).
drop index design_of_file;
drop index licence_of_design;
alter table subject_state
    drop constraint subject_state_is_object,
    alter column state type json using state::json;
alter table subject_state
    add constraint subject_state_is_object check (json_typeof(state) = 'object'),
    add column design_files jsonb generated always as
        (case when kind = 'design' then (state #> '{design,files}')::jsonb end) stored,
    add column licensed_design text generated always as
        (case when kind = 'licence' then state #>> '{licence,design}' end) stored;
create index design_of_file on subject_state using gin (design_files jsonb_path_ops)
    where design_files is not null;
create index licence_of_design on subject_state (licensed_design) where licensed_design is not null;

-- Room for the next version of a row on its page; and rows up to a page stay whole instead of being compressed, which
-- costs more time than it saves room.
alter table subject_state set (fillfactor = 50, toast_tuple_target = 8160);
alter table entry set (toast_tuple_target = 8160);

-- A batch is one statement; it compares its own numbers of rows before it commits.
create function expect_rows(what text, written bigint, expected bigint) returns bigint
    language plpgsql immutable as $$
begin
    if written <> expected then
        raise exception '% rows of % were written, % expected', written, what, expected
            using errcode = 'data_exception';
    end if;
    return written;
end $$;
create function expect_lease(held bigint) returns bigint language plpgsql immutable as $$
begin
    if held <> 1 then
        raise exception 'another process writes this log now'
            using errcode = 'object_not_in_prerequisite_state', constraint = 'lease_is_held';
    end if;
    return held;
end $$;
