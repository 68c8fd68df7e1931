-- What members are told of recalls and withdrawals. Operational: no answer depends on it, and the log would make it again.

-- One line for each organisation and each entry that concerns parts which it has, will have or owns. The body is what a hook is sent,
-- byte for byte, so that each attempt is the same and a signature holds.
create table notice (
    org     text    not null check (octet_length(org) <= 100),
    index   bigint  not null check (index >= 0),
    body    text    not null check (octet_length(body) <= 1048576),
    -- When its hook is asked next, Unix seconds; null when it was told, was given up, or there is no hook.
    due_at  bigint,
    tried   integer not null default 0 check (tried >= 0),
    told_at bigint,
    trouble text    check (octet_length(trouble) <= 500),
    primary key (org, index),
    check (told_at is null or due_at is null)
);
create index notice_due on notice (due_at) where due_at is not null;

-- Where a member wants to be told: one place an organisation.
create table hook (
    org text primary key check (octet_length(org) <= 100),
    url text not null check (octet_length(url) <= 500)
);

-- How much of the log was looked at. In the transaction of the notices themselves, so that a crash neither forgets nor doubles one.
create table noticed (
    only_row boolean primary key default true check (only_row),
    size     bigint  not null check (size >= 0)
);
insert into noticed (size) values (0);

-- Of millions of entries a handful; finding the next must not read the others.
create index entry_that_holds on entry (index) where kind in (
    'safety.recall_placed', 'safety.recall_lifted', 'design.withdrawn', 'design.superseded', 'approval.revoked');
