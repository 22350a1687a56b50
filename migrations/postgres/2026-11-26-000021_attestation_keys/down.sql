DROP TABLE attestation_key;
