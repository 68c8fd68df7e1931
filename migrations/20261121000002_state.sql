-- States follow from the log by replay; nothing here is a source.
create table subject_state (
    id      text primary key check (octet_length(id) <= 100),
    kind    text not null,
    version bigint not null check (version >= 1),
    state   jsonb not null
);

-- What stands directly above a subject; walked upward for holds, downward for reports.
create table parent (
    child  text not null check (octet_length(child) <= 100),
    parent text not null check (octet_length(parent) <= 100),
    primary key (child, parent)
);
create index child_of_parent on parent (parent, child);
-- Lists by kind: designs, allowables.
create index subject_of_kind on subject_state (kind, id);
