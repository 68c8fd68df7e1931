-- What must hold of the log stands here too, so that a bug above the database, or a hand beside it, meets a
-- refusal instead of leaving rows that only the next audit finds. Everything is checked by set, once a
-- statement or once a batch, never once an entry: the log grows by thousands of rows a second.
--
-- What this does not do: the owner of the tables can disable a trigger, and a superuser anything. Against
-- them stand the signed checkpoints, the clients that remember them, and `threadmark audit`.

alter table entry
    add constraint entry_kind_form check (octet_length(kind) between 1 and 64),
    add constraint entry_subject_form
        check (octet_length(subject) <= 100 and position(':' in subject) > 1);

alter table sealed_section
    add constraint sealed_section_name_form check (name <> '');

-- The columns repeat what the log signed: a C2SP checkpoint is origin, size and root, each on a line.
alter table checkpoint
    add constraint checkpoint_is_its_note check (
        split_part(note, E'\n', 2) = size::text
        and split_part(note, E'\n', 3) = encode(root, 'base64'));

alter table subject_state
    add constraint subject_state_kind_is_of_id check (kind = split_part(id, ':', 1) and kind <> ''),
    add constraint subject_state_is_object check (jsonb_typeof(state) = 'object');

-- A checkpoint covers the entries that came since the one before, all of them, nothing beyond, all at its own
-- log time, which never runs backwards. From the first checkpoint on this makes indices continuous and log
-- time monotone. Deferred, so that the order of the writes in a transaction does not matter.
create function checkpoint_covers_its_entries() returns trigger
    language plpgsql set search_path from current as $$
declare
    first_index constant bigint := coalesce(new.previous_size, 0);
    covered record;
begin
    select count(*) as many, min(logged_at) as earliest, max(logged_at) as latest into covered
        from entry where index >= first_index and index < new.size;
    if covered.many <> new.size - first_index then
        raise exception 'checkpoint % covers % entries from % on, % are there',
            new.size, new.size - first_index, first_index, covered.many
            using errcode = 'check_violation', constraint = 'checkpoint_covers_its_entries';
    end if;
    if covered.earliest <> new.signed_at or covered.latest <> new.signed_at then
        raise exception 'checkpoint % is of another log time than its entries', new.size
            using errcode = 'check_violation', constraint = 'checkpoint_time_is_its_entries';
    end if;
    if exists (select from entry where index >= new.size) then
        raise exception 'entries stand beyond checkpoint %', new.size
            using errcode = 'check_violation', constraint = 'checkpoint_covers_its_entries';
    end if;
    if exists (select from checkpoint where size = new.previous_size and signed_at > new.signed_at) then
        raise exception 'log time runs backwards at checkpoint %', new.size
            using errcode = 'check_violation', constraint = 'checkpoint_time_is_monotone';
    end if;
    return null;
end $$;
create constraint trigger covers_its_entries after insert on checkpoint
    deferrable initially deferred
    for each row execute function checkpoint_covers_its_entries();

-- Nobody changes or removes what was logged: not an update that lost its `where`, not a hole in our SQL.
create function append_only() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: the log only grows', tg_op, tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = 'append_only';
end $$;
create trigger append_only before update or delete or truncate on entry
    for each statement execute function append_only();
create trigger append_only before update or delete or truncate on sealed_section
    for each statement execute function append_only();
create trigger append_only before update or delete or truncate on checkpoint
    for each statement execute function append_only();

-- A fence that went back would let an older writer in again.
create function fence_grows() returns trigger language plpgsql as $$
begin
    raise exception 'the fence of the lease only grows'
        using errcode = 'check_violation', constraint = 'fence_grows';
end $$;
create trigger fence_grows before update on lease
    for each row when (new.fence <= old.fence) execute function fence_grows();
create trigger fence_stays before delete or truncate on lease
    for each statement execute function fence_grows();

-- Who stands below something has a state. What it stands on need not: a report that names what the log does
-- not know is logged all the same, and the part waits for it.
create function child_has_state() returns trigger
    language plpgsql set search_path from current as $$
begin
    if exists (select from added left join subject_state on id = child where id is null) then
        raise exception 'an edge from a subject without a state'
            using errcode = 'foreign_key_violation', constraint = 'child_has_state';
    end if;
    return null;
end $$;
create trigger child_has_state after insert on parent referencing new table as added
    for each statement execute function child_has_state();

-- The form in which states are written. States of another form than the program's own are not read, but
-- made again from the log. All that were written before this row came are of form 1.
create table state_form (
    only_row boolean primary key default true check (only_row),
    form     integer not null check (form >= 1)
);
insert into state_form (form) values (1);
