-- The list of each subject's statements, in the order of the log, with the head that is chained over them: what the root in
-- each `log.batch` entry commits to. Derived: `threadmark rebuild` makes it again, `threadmark audit` compares it. A log
-- that is older than this table has it made by `threadmark rebuild`, which the form of the states asks for. No reference
-- to `entry`: the lines are written in the statement that writes the entries, and checked for each would cost as much again.
create table mention (
    subject text   not null check (octet_length(subject) <= 100),
    nth     bigint not null check (nth >= 1),
    index   bigint not null check (index >= 0),
    head    bytea  not null check (octet_length(head) = 32),
    primary key (subject, nth)
);
