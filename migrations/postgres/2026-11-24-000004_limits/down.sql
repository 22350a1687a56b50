DROP TABLE guess;
DROP TABLE rate_limit;
