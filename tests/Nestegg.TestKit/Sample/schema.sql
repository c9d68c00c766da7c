-- What museum's migrations leave behind at schema 124, written down from the catalog: all tables, with the same names and types; of the rest
-- (indexes, triggers that only notify) what a test can notice.
CREATE TYPE app AS ENUM ('photos', 'auth', 'locker');
CREATE TYPE model AS ENUM ('ggml-clip', 'onnx-clip', 'file-ml-clip-face', 'derived');
CREATE TYPE object_type AS ENUM ('file', 'thumbnail', 'mldata', 'vid_preview', 'img_preview');
CREATE TYPE role_enum AS ENUM ('VIEWER', 'COLLABORATOR', 'OWNER', 'ADMIN');
CREATE TYPE s3region AS ENUM (
    'b2-eu-cen', 'scw-eu-fr', 'scw-eu-fr-locked', 'wasabi-eu-central-2', 'wasabi-eu-central-2-v3', 'scw-eu-fr-v3', 'wasabi-eu-central-2-derived', 'b5', 'b6');
CREATE TYPE stage_enum AS ENUM ('scheduled', 'collection', 'trash', 'storage', 'completed');

CREATE FUNCTION now_utc_micro_seconds() RETURNS bigint LANGUAGE sql AS
    $$ SELECT CAST(extract(epoch FROM now()) * 1000000 AS bigint) $$;

CREATE FUNCTION trigger_updated_at_microseconds_column() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at = now_utc_micro_seconds();
    END IF;
    RETURN NEW;
END
$$;

CREATE SEQUENCE files_file_id_seq START WITH 10000000;
CREATE SEQUENCE queue_queue_id_seq AS integer;
CREATE SEQUENCE subscriptions_subscription_id_seq AS integer;
CREATE SEQUENCE subscription_logs_log_id_seq AS integer;
CREATE SEQUENCE memory_shares_id_seq;
CREATE SEQUENCE memory_share_files_id_seq;

CREATE TABLE schema_migrations (
    version bigint NOT NULL PRIMARY KEY,
    dirty boolean NOT NULL
);
INSERT INTO schema_migrations VALUES (124, false);

CREATE TABLE users (
    user_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY (START WITH 1580559962386438),
    name text,
    creation_time bigint NOT NULL,
    encrypted_email bytea,
    email_decryption_nonce bytea,
    email_hash text,
    is_two_factor_enabled boolean NOT NULL DEFAULT false,
    family_admin_id bigint,
    email_mfa boolean NOT NULL DEFAULT false,
    source text,
    delete_feedback jsonb,
    CONSTRAINT users_email_hash_key UNIQUE (email_hash),
    CONSTRAINT users_pkey PRIMARY KEY (user_id)
);

CREATE TABLE key_attributes (
    user_id bigint NOT NULL,
    kek_salt text NOT NULL,
    kek_hash_bytes bytea,
    encrypted_key text NOT NULL,
    key_decryption_nonce text NOT NULL,
    public_key text NOT NULL,
    encrypted_secret_key text NOT NULL,
    secret_key_decryption_nonce text NOT NULL,
    mem_limit bigint DEFAULT 67108864,
    ops_limit integer DEFAULT 2,
    master_key_encrypted_with_recovery_key text,
    master_key_decryption_nonce text,
    recovery_key_encrypted_with_master_key text,
    recovery_key_decryption_nonce text,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT key_attributes_pkey PRIMARY KEY (user_id)
);

CREATE TABLE srp_auth (
    user_id bigint NOT NULL,
    srp_user_id uuid NOT NULL,
    salt text NOT NULL,
    verifier text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT srp_auth_srp_user_id_key UNIQUE (srp_user_id),
    CONSTRAINT srp_auth_pkey PRIMARY KEY (user_id)
);

CREATE TABLE srp_sessions (
    id uuid NOT NULL,
    srp_user_id uuid NOT NULL,
    server_key text NOT NULL,
    srp_a text NOT NULL,
    has_verified boolean NOT NULL DEFAULT false,
    attempt_count integer NOT NULL DEFAULT 0,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    is_fake boolean NOT NULL DEFAULT false,
    CONSTRAINT srp_sessions_pkey PRIMARY KEY (id)
);

CREATE TABLE two_factor (
    user_id bigint NOT NULL,
    two_factor_secret_hash text,
    encrypted_two_factor_secret bytea,
    two_factor_secret_decryption_nonce bytea,
    recovery_encrypted_two_factor_secret text,
    recovery_two_factor_secret_decryption_nonce text,
    CONSTRAINT two_factor_two_factor_secret_hash_key UNIQUE (two_factor_secret_hash),
    CONSTRAINT two_factor_user_id_key UNIQUE (user_id)
);

CREATE TABLE tokens (
    user_id bigint NOT NULL,
    token text NOT NULL,
    creation_time bigint NOT NULL,
    ip text,
    user_agent text,
    is_deleted boolean NOT NULL DEFAULT false,
    last_used_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    app app NOT NULL DEFAULT 'photos'::app,
    CONSTRAINT tokens_token_key UNIQUE (token)
);

CREATE TABLE otts (
    ott text NOT NULL,
    creation_time bigint NOT NULL,
    expiration_time bigint NOT NULL,
    email text,
    email_hash text,
    wrong_attempt integer NOT NULL DEFAULT 0,
    app app NOT NULL DEFAULT 'photos'::app,
    CONSTRAINT unique_otts_emailhash_app_ott UNIQUE (ott, app, email_hash)
);

CREATE TABLE push_tokens (
    user_id bigint NOT NULL,
    fcm_token text NOT NULL,
    apns_token text,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    last_notified_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT push_tokens_pkey PRIMARY KEY (fcm_token)
);

CREATE TABLE subscriptions (
    subscription_id integer NOT NULL DEFAULT nextval('subscriptions_subscription_id_seq'::regclass),
    user_id bigint NOT NULL,
    storage bigint NOT NULL,
    original_transaction_id text NOT NULL,
    expiry_time bigint NOT NULL,
    created_at timestamp without time zone NOT NULL DEFAULT now(),
    product_id text NOT NULL,
    payment_provider text NOT NULL,
    latest_verification_data text,
    attributes jsonb NOT NULL,
    upgraded_at bigint DEFAULT 0,
    CONSTRAINT subscription_user_id_unique_constraint_index UNIQUE (user_id),
    CONSTRAINT subscriptions_pkey PRIMARY KEY (subscription_id)
);

CREATE TABLE usage (
    user_id bigint NOT NULL,
    storage_consumed bigint NOT NULL,
    CONSTRAINT usage_user_id_unique_constraint_index UNIQUE (user_id)
);

CREATE TABLE remote_store (
    user_id bigint NOT NULL,
    key_name text NOT NULL,
    key_value text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT remote_store_pkey PRIMARY KEY (user_id, key_name)
);

CREATE TABLE notification_history (
    user_id bigint NOT NULL,
    template_id text NOT NULL,
    sent_time bigint NOT NULL,
    notification_group text
);

CREATE TABLE data_cleanup (
    user_id bigint NOT NULL,
    stage stage_enum NOT NULL DEFAULT 'scheduled'::stage_enum,
    stage_schedule_time bigint NOT NULL DEFAULT (now_utc_micro_seconds() + (((((7 * (24)::bigint) * 60) * 60) * 1000) * 1000)),
    stage_attempt_count integer NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT ''::text,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT data_cleanup_pkey PRIMARY KEY (user_id)
);

CREATE TABLE families (
    id uuid NOT NULL,
    admin_id bigint NOT NULL,
    member_id bigint NOT NULL,
    status text NOT NULL,
    token text,
    percentage integer NOT NULL DEFAULT '-1'::integer,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    storage_limit bigint,
    CONSTRAINT families_token_key UNIQUE (token),
    CONSTRAINT families_pkey PRIMARY KEY (id),
    CONSTRAINT families_member_state_constraint CHECK ((((admin_id <> member_id) AND (status <> ALL (ARRAY['SELF'::text, 'CLOSED'::text]))) OR ((admin_id = member_id) AND (status = ANY (ARRAY['SELF'::text, 'CLOSED'::text]))))),
    CONSTRAINT families_status_check CHECK ((status = ANY (ARRAY['SELF'::text, 'CLOSED'::text, 'INVITED'::text, 'ACCEPTED'::text, 'DECLINED'::text, 'REVOKED'::text, 'REMOVED'::text, 'LEFT'::text])))
);

CREATE TABLE task_lock (
    task_name text NOT NULL,
    lock_until bigint NOT NULL,
    locked_at bigint NOT NULL,
    locked_by text NOT NULL,
    CONSTRAINT task_lock_pkey PRIMARY KEY (task_name)
);

CREATE TABLE collections (
    collection_id bigint NOT NULL GENERATED ALWAYS AS IDENTITY (START WITH 1580559962386438),
    owner_id bigint NOT NULL,
    encrypted_key text NOT NULL,
    key_decryption_nonce text NOT NULL,
    name text,
    type text NOT NULL,
    attributes jsonb NOT NULL,
    updation_time bigint NOT NULL,
    is_deleted boolean DEFAULT false,
    encrypted_name text,
    name_decryption_nonce text,
    magic_metadata jsonb,
    pub_magic_metadata jsonb,
    app app NOT NULL DEFAULT 'photos'::app,
    CONSTRAINT collections_pkey PRIMARY KEY (collection_id)
);

CREATE TABLE collection_shares (
    collection_id bigint NOT NULL,
    from_user_id bigint NOT NULL,
    to_user_id bigint NOT NULL,
    encrypted_key text NOT NULL,
    updation_time bigint NOT NULL,
    is_deleted boolean DEFAULT false,
    role_type role_enum DEFAULT 'VIEWER'::role_enum,
    magic_metadata jsonb,
    shared_at bigint,
    CONSTRAINT collection_shares_collection_id_from_user_id_to_user_id_key UNIQUE (collection_id, from_user_id, to_user_id)
);

CREATE TABLE collection_files (
    file_id bigint NOT NULL,
    collection_id bigint NOT NULL,
    encrypted_key text NOT NULL,
    key_decryption_nonce text NOT NULL,
    is_deleted boolean DEFAULT false,
    updation_time bigint NOT NULL,
    c_owner_id bigint,
    f_owner_id bigint,
    created_at bigint DEFAULT now_utc_micro_seconds(),
    action_user bigint,
    action text,
    CONSTRAINT unique_collection_files_cid_fid UNIQUE (collection_id, file_id)
);

CREATE TABLE files (
    file_id bigint NOT NULL DEFAULT nextval('files_file_id_seq'::regclass),
    owner_id bigint NOT NULL,
    file_decryption_header text NOT NULL,
    thumbnail_decryption_header text NOT NULL,
    metadata_decryption_header text NOT NULL,
    encrypted_metadata text NOT NULL,
    updation_time bigint NOT NULL,
    magic_metadata jsonb,
    pub_magic_metadata jsonb,
    info jsonb,
    CONSTRAINT files_pkey PRIMARY KEY (file_id)
);

CREATE TABLE trash (
    file_id bigint NOT NULL,
    user_id bigint NOT NULL,
    collection_id bigint NOT NULL,
    is_deleted boolean NOT NULL DEFAULT false,
    is_restored boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    delete_by bigint NOT NULL,
    CONSTRAINT trash_pkey PRIMARY KEY (file_id),
    CONSTRAINT trash_state_constraint CHECK (((is_deleted IS FALSE) OR (is_restored IS FALSE)))
);

CREATE TABLE object_keys (
    file_id bigint NOT NULL,
    o_type object_type NOT NULL,
    object_key text NOT NULL,
    size bigint NOT NULL,
    datacenters s3region[] NOT NULL,
    is_deleted boolean DEFAULT false,
    created_at bigint DEFAULT now_utc_micro_seconds(),
    updated_at bigint DEFAULT now_utc_micro_seconds(),
    CONSTRAINT object_keys_object_key_key UNIQUE (object_key),
    CONSTRAINT object_keys_pkey PRIMARY KEY (file_id, o_type)
);

CREATE TABLE object_copies (
    object_key text NOT NULL,
    b2 bigint,
    want_b2 boolean,
    wasabi bigint,
    want_wasabi boolean,
    scw bigint,
    want_scw boolean,
    last_attempt bigint NOT NULL DEFAULT 0,
    CONSTRAINT object_copies_pkey PRIMARY KEY (object_key)
);

CREATE TABLE file_data (
    file_id bigint NOT NULL,
    user_id bigint NOT NULL,
    data_type object_type NOT NULL,
    size bigint NOT NULL,
    latest_bucket s3region NOT NULL,
    replicated_buckets s3region[] NOT NULL DEFAULT '{}'::s3region[],
    delete_from_buckets s3region[] NOT NULL DEFAULT '{}'::s3region[],
    inflight_rep_buckets s3region[] NOT NULL DEFAULT '{}'::s3region[],
    is_deleted boolean NOT NULL DEFAULT false,
    pending_sync boolean NOT NULL DEFAULT true,
    sync_locked_till bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    obj_id text,
    obj_nonce text,
    obj_size bigint,
    CONSTRAINT file_data_pkey PRIMARY KEY (file_id, data_type)
);

CREATE TABLE user_attachments (
    attachment_id text NOT NULL,
    user_id bigint NOT NULL,
    attachment_type text NOT NULL,
    size bigint NOT NULL,
    latest_bucket s3region NOT NULL,
    replicated_buckets s3region[] NOT NULL DEFAULT '{}'::s3region[],
    delete_from_buckets s3region[] NOT NULL DEFAULT '{}'::s3region[],
    inflight_rep_buckets s3region[] NOT NULL DEFAULT '{}'::s3region[],
    is_deleted boolean NOT NULL DEFAULT false,
    pending_sync boolean NOT NULL DEFAULT true,
    sync_locked_till bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT user_attachments_pkey PRIMARY KEY (attachment_id)
);

CREATE TABLE temp_objects (
    object_key text NOT NULL,
    expiration_time bigint NOT NULL,
    is_multipart boolean NOT NULL DEFAULT false,
    upload_id text,
    bucket_id s3region,
    CONSTRAINT temp_object_keys_pkey PRIMARY KEY (object_key)
);

CREATE TABLE queue (
    queue_id integer NOT NULL DEFAULT nextval('queue_queue_id_seq'::regclass),
    queue_name text NOT NULL,
    item text NOT NULL,
    created_at bigint DEFAULT now_utc_micro_seconds(),
    updated_at bigint DEFAULT now_utc_micro_seconds(),
    is_deleted boolean DEFAULT false,
    CONSTRAINT queue_pkey PRIMARY KEY (queue_id)
);

CREATE TABLE authenticator_key (
    user_id bigint NOT NULL,
    encrypted_key text NOT NULL,
    header text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT authenticator_key_pkey PRIMARY KEY (user_id)
);

CREATE TABLE authenticator_entity (
    id uuid NOT NULL,
    user_id bigint NOT NULL,
    encrypted_data text,
    header text,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    is_deleted boolean DEFAULT false,
    CONSTRAINT authenticator_entity_pkey PRIMARY KEY (id),
    CONSTRAINT authenticator_entity_state_constraint CHECK ((((is_deleted IS TRUE) AND (encrypted_data IS NULL)) OR ((is_deleted IS FALSE) AND (encrypted_data IS NOT NULL))))
);

CREATE TABLE entity_key (
    user_id bigint NOT NULL,
    type text NOT NULL,
    encrypted_key text NOT NULL,
    header text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT entity_key_pkey PRIMARY KEY (user_id, type)
);

CREATE TABLE entity_data (
    user_id bigint NOT NULL,
    type text NOT NULL,
    encrypted_data text,
    header text,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    is_deleted boolean DEFAULT false,
    id text NOT NULL,
    CONSTRAINT entity_data_pkey PRIMARY KEY (id),
    CONSTRAINT entity_data_state_constraint CHECK ((((is_deleted IS TRUE) AND (encrypted_data IS NULL)) OR ((is_deleted IS FALSE) AND (encrypted_data IS NOT NULL))))
);

CREATE TABLE contact_entity (
    id text NOT NULL,
    user_id bigint NOT NULL,
    contact_user_id bigint NOT NULL,
    profile_picture_attachment_id text,
    encrypted_key bytea NOT NULL,
    encrypted_data bytea,
    is_deleted boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT contact_entity_pkey PRIMARY KEY (id),
    CONSTRAINT contact_entity_state_constraint CHECK ((((is_deleted = false) AND (encrypted_data IS NOT NULL)) OR ((is_deleted = true) AND (encrypted_data IS NULL) AND (profile_picture_attachment_id IS NULL))))
);

CREATE TABLE emergency_contact (
    user_id bigint NOT NULL,
    emergency_contact_id bigint NOT NULL,
    state text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    notice_period_in_hrs integer NOT NULL,
    encrypted_key text,
    CONSTRAINT unique_user_emergency_contact UNIQUE (user_id, emergency_contact_id),
    CONSTRAINT chk_encrypted_key_null CHECK ((((state = ANY (ARRAY['REVOKED'::text, 'DELETED'::text, 'CONTACT_LEFT'::text, 'CONTACT_DENIED'::text])) AND (encrypted_key IS NULL)) OR ((state <> ALL (ARRAY['REVOKED'::text, 'DELETED'::text, 'CONTACT_LEFT'::text, 'CONTACT_DENIED'::text])) AND (encrypted_key IS NOT NULL)))),
    CONSTRAINT chk_user_id_not_equal_emergency_contact_id CHECK ((user_id <> emergency_contact_id)),
    CONSTRAINT emergency_contact_state_check CHECK ((state = ANY (ARRAY['INVITED'::text, 'ACCEPTED'::text, 'REVOKED'::text, 'DELETED'::text, 'CONTACT_LEFT'::text, 'CONTACT_DENIED'::text])))
);

CREATE TABLE legacy_kit (
    id uuid NOT NULL,
    user_id bigint NOT NULL,
    variant integer NOT NULL,
    notice_period_in_hrs integer NOT NULL,
    encrypted_recovery_blob text NOT NULL,
    auth_public_key text NOT NULL,
    encrypted_owner_blob text NOT NULL,
    is_deleted boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    deleted_at bigint,
    CONSTRAINT legacy_kit_pkey PRIMARY KEY (id),
    CONSTRAINT legacy_kit_variant_check CHECK ((variant = 1))
);

CREATE TABLE anon_users (
    id text NOT NULL,
    collection_id bigint NOT NULL,
    cipher text NOT NULL,
    nonce text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT anon_users_pkey PRIMARY KEY (id)
);

CREATE TABLE comments (
    id text NOT NULL,
    collection_id bigint NOT NULL,
    file_id bigint,
    parent_comment_id text,
    user_id bigint NOT NULL,
    anon_user_id text,
    cipher text,
    nonce text,
    is_deleted boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT comments_pkey PRIMARY KEY (id),
    CONSTRAINT comments_cipher_on_delete CHECK ((((is_deleted = false) AND (cipher IS NOT NULL) AND (nonce IS NOT NULL)) OR ((is_deleted = true) AND (cipher IS NULL) AND (nonce IS NULL)))),
    CONSTRAINT comments_user_or_anon_chk CHECK ((((user_id = '-1'::integer) AND (anon_user_id IS NOT NULL)) OR ((user_id > 0) AND (anon_user_id IS NULL))))
);

CREATE TABLE reactions (
    id text NOT NULL,
    collection_id bigint NOT NULL,
    file_id bigint,
    comment_id text,
    user_id bigint NOT NULL,
    anon_user_id text,
    actor_key text GENERATED ALWAYS AS ( CASE WHEN ((user_id = '-1'::integer) AND (anon_user_id IS NOT NULL)) THEN ('A:'::text || anon_user_id) ELSE ('U:'::text || (user_id)::text) END) STORED,
    cipher text,
    nonce text,
    is_deleted boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    unique_key text GENERATED ALWAYS AS ( CASE WHEN (comment_id IS NOT NULL) THEN ('M:'::text || comment_id) WHEN (file_id IS NOT NULL) THEN ((('F:'::text || (collection_id)::text) || '/'::text) || (file_id)::text) ELSE ('C:'::text || (collection_id)::text) END) STORED,
    CONSTRAINT uq_reactions_actor_target UNIQUE (actor_key, unique_key),
    CONSTRAINT reactions_pkey PRIMARY KEY (id),
    CONSTRAINT reactions_cipher_on_delete CHECK ((((is_deleted = false) AND (cipher IS NOT NULL) AND (nonce IS NOT NULL)) OR ((is_deleted = true) AND (cipher IS NULL) AND (nonce IS NULL)))),
    CONSTRAINT reactions_target_shape CHECK ((((comment_id IS NOT NULL) AND (file_id IS NULL)) OR (comment_id IS NULL))),
    CONSTRAINT reactions_user_or_anon_chk CHECK ((((user_id = '-1'::integer) AND (anon_user_id IS NOT NULL)) OR ((user_id > 0) AND (anon_user_id IS NULL))))
);

CREATE TABLE memory_shares (
    id bigint NOT NULL DEFAULT nextval('memory_shares_id_seq'::regclass),
    user_id bigint NOT NULL,
    type text NOT NULL,
    memory_hash text,
    metadata_cipher text,
    metadata_nonce text,
    mem_enc_key text NOT NULL,
    mem_key_decryption_nonce text NOT NULL,
    access_token text NOT NULL,
    is_deleted boolean DEFAULT false,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    CONSTRAINT memory_shares_access_token_key UNIQUE (access_token),
    CONSTRAINT memory_shares_pkey PRIMARY KEY (id),
    CONSTRAINT memory_shares_type_check CHECK ((type = ANY (ARRAY['share'::text, 'lane'::text])))
);

CREATE TABLE memory_share_files (
    id bigint NOT NULL DEFAULT nextval('memory_share_files_id_seq'::regclass),
    memory_share_id bigint NOT NULL,
    file_id bigint NOT NULL,
    file_owner_id bigint NOT NULL,
    position bigint NOT NULL,
    file_enc_key text NOT NULL,
    file_key_decryption_nonce text NOT NULL,
    created_at bigint NOT NULL,
    CONSTRAINT memory_share_files_memory_share_id_position_key UNIQUE (memory_share_id, "position"),
    CONSTRAINT memory_share_files_pkey PRIMARY KEY (id)
);

CREATE TABLE public_collection_tokens (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    collection_id bigint NOT NULL,
    access_token text NOT NULL,
    is_disabled boolean NOT NULL DEFAULT false,
    valid_till bigint NOT NULL DEFAULT 0,
    device_limit integer NOT NULL DEFAULT 0,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    pw_hash text,
    pw_nonce text,
    mem_limit bigint,
    ops_limit bigint,
    enable_download boolean NOT NULL DEFAULT true,
    enable_comment boolean NOT NULL DEFAULT false,
    enable_collect boolean NOT NULL DEFAULT false,
    enable_join boolean NOT NULL DEFAULT true,
    min_role role_enum,
    CONSTRAINT public_collection_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT pct_pw_state_constraint CHECK ((((pw_hash IS NULL) AND (pw_nonce IS NULL)) OR ((pw_hash IS NOT NULL) AND (pw_nonce IS NOT NULL))))
);

CREATE TABLE public_file_tokens (
    id text NOT NULL,
    file_id bigint NOT NULL,
    owner_id bigint NOT NULL,
    app text NOT NULL,
    access_token text NOT NULL,
    valid_till bigint NOT NULL DEFAULT 0,
    device_limit integer NOT NULL DEFAULT 0,
    is_disabled boolean NOT NULL DEFAULT false,
    enable_download boolean NOT NULL DEFAULT true,
    pw_hash text,
    pw_nonce text,
    mem_limit bigint,
    ops_limit bigint,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    encrypted_file_key text,
    encrypted_file_key_nonce text,
    kdf_nonce text,
    kdf_mem_limit bigint,
    kdf_ops_limit bigint,
    encrypted_share_key text,
    CONSTRAINT public_file_tokens_pkey PRIMARY KEY (id)
);

CREATE TABLE passkeys (
    id uuid NOT NULL,
    user_id bigint NOT NULL,
    friendly_name text NOT NULL,
    deleted_at bigint,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT passkeys_pkey PRIMARY KEY (id)
);

CREATE TABLE passkey_credentials (
    passkey_id uuid NOT NULL,
    credential_id text NOT NULL,
    public_key text NOT NULL,
    attestation_type text NOT NULL,
    authenticator_transports text NOT NULL,
    credential_flags text NOT NULL,
    authenticator text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    rp_id text,
    CONSTRAINT passkey_credentials_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkey_credentials_pkey PRIMARY KEY (passkey_id)
);

CREATE TABLE temp_srp_setup (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    srp_user_id uuid NOT NULL,
    user_id bigint NOT NULL,
    salt text NOT NULL,
    verifier text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT temp_srp_setup_pkey PRIMARY KEY (id)
);

CREATE TABLE two_factor_recovery (
    user_id bigint NOT NULL,
    enable_admin_mfa_reset boolean NOT NULL DEFAULT true,
    server_passkey_secret_data bytea,
    server_passkey_secret_nonce bytea,
    user_passkey_secret_data text,
    user_passkey_secret_nonce text,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT two_factor_recovery_pkey PRIMARY KEY (user_id)
);

CREATE TABLE two_factor_sessions (
    user_id bigint NOT NULL,
    session_id text NOT NULL,
    creation_time bigint NOT NULL,
    expiration_time bigint NOT NULL,
    wrong_attempt integer NOT NULL DEFAULT 0,
    CONSTRAINT two_factor_sessions_session_id_key UNIQUE (session_id)
);

CREATE TABLE casting (
    id uuid NOT NULL,
    code character varying(16) NOT NULL,
    public_key character varying(512) NOT NULL,
    collection_id bigint,
    cast_user bigint,
    encrypted_payload text,
    token character varying(512),
    is_deleted boolean DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    last_used_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    ip text NOT NULL,
    CONSTRAINT casting_pkey PRIMARY KEY (id)
);

CREATE TABLE collection_actions (
    id text NOT NULL,
    user_id bigint NOT NULL,
    actor_user_id bigint NOT NULL,
    collection_id bigint NOT NULL,
    file_id bigint,
    data jsonb,
    action text NOT NULL,
    is_pending boolean NOT NULL DEFAULT true,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT collection_actions_pkey PRIMARY KEY (id),
    CONSTRAINT collection_actions_file_required CHECK ((((action IN ('REMOVE', 'DELETE_SUGGESTED')) AND (file_id IS NOT NULL)) OR (action NOT IN ('REMOVE', 'DELETE_SUGGESTED'))))
);

CREATE TABLE discount_coupons (
    provider_name text NOT NULL,
    code text NOT NULL,
    claimed_by_user_id bigint,
    claimed_at bigint,
    sent_count integer DEFAULT 0,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT discount_coupons_provider_code_unique UNIQUE (provider_name, code)
);

CREATE TABLE embeddings (
    file_id bigint NOT NULL,
    owner_id bigint NOT NULL,
    model model NOT NULL,
    encrypted_embedding text,
    decryption_header text,
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    size integer,
    version integer DEFAULT 1,
    datacenters s3region[] DEFAULT '{b2-eu-cen}',
    CONSTRAINT unique_embeddings_file_id_model UNIQUE (file_id, model)
);

CREATE TABLE emergency_recovery (
    id uuid NOT NULL,
    user_id bigint NOT NULL,
    emergency_contact_id bigint NOT NULL,
    status text NOT NULL,
    wait_till bigint,
    next_reminder_at bigint,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT emergency_recovery_pkey PRIMARY KEY (id),
    CONSTRAINT emergency_recovery_status_check CHECK ((status IN ('WAITING', 'REJECTED', 'RECOVERED', 'STOPPED', 'READY')))
);

CREATE TABLE events (
    id text NOT NULL,
    event text NOT NULL,
    app text NOT NULL,
    platform text NOT NULL,
    data jsonb NOT NULL DEFAULT '{}',
    user_id bigint,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT events_data_check CHECK ((jsonb_typeof(data) = 'object'))
);

CREATE TABLE kex_store (
    id text NOT NULL,
    wrapped_key text NOT NULL,
    added_at bigint NOT NULL,
    CONSTRAINT kex_store_pkey PRIMARY KEY (id)
);

CREATE TABLE passkey_login_sessions (
    user_id bigint NOT NULL,
    session_id text NOT NULL,
    creation_time bigint NOT NULL,
    expiration_time bigint NOT NULL,
    token_fetch_cnt integer DEFAULT 0,
    verified_at bigint,
    token_data jsonb,
    CONSTRAINT passkey_login_sessions_session_id_key UNIQUE (session_id)
);

CREATE TABLE public_abuse_report (
    share_id bigint,
    ip text NOT NULL,
    user_agent text NOT NULL,
    url text NOT NULL,
    reason text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    details jsonb,
    CONSTRAINT unique_report_sid_ip_ua UNIQUE (share_id, ip, user_agent)
);

CREATE TABLE public_collection_access_history (
    share_id bigint,
    ip text NOT NULL,
    user_agent text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT unique_access_sid_ip_ua UNIQUE (share_id, ip, user_agent)
);

CREATE TABLE public_file_tokens_access_history (
    id text NOT NULL,
    ip text NOT NULL,
    user_agent text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT unique_access_id_ip_ua UNIQUE (id, ip, user_agent)
);

CREATE TABLE public_paste_tokens (
    id text NOT NULL,
    access_token text NOT NULL,
    encrypted_data text NOT NULL,
    decryption_header text NOT NULL,
    encrypted_paste_key text NOT NULL,
    encrypted_paste_key_nonce text NOT NULL,
    kdf_nonce text NOT NULL,
    kdf_mem_limit bigint NOT NULL,
    kdf_ops_limit bigint NOT NULL,
    expires_at bigint NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT public_paste_tokens_access_token_key UNIQUE (access_token),
    CONSTRAINT public_paste_tokens_pkey PRIMARY KEY (id)
);

CREATE TABLE referral_codes (
    code character varying(255) NOT NULL,
    user_id bigint NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT referral_codes_pkey PRIMARY KEY (code)
);

CREATE TABLE referral_tracking (
    invitor_id bigint NOT NULL,
    invitee_id bigint NOT NULL,
    plan_type text NOT NULL,
    invitee_on_paid_plan boolean DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT referral_tracking_plan_type_check CHECK ((plan_type = '10_GB_ON_UPGRADE'))
);

CREATE TABLE storage_bonus (
    bonus_id text NOT NULL,
    type text NOT NULL,
    user_id bigint NOT NULL,
    storage bigint NOT NULL,
    valid_till bigint NOT NULL DEFAULT 0,
    revoke_reason text,
    is_revoked boolean NOT NULL DEFAULT false,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT storage_bonus_pkey PRIMARY KEY (bonus_id),
    CONSTRAINT storage_bonus_type_check CHECK ((type IN ('REFERRAL', 'SIGN_UP', 'ANNIVERSARY', 'ADD_ON_BF_2023', 'ADD_ON_SUPPORT', 'ADD_ON_BF_2024', 'ADD_ON_NON_PROFIT')))
);

CREATE TABLE subscription_logs (
    log_id integer NOT NULL DEFAULT nextval('subscription_logs_log_id_seq'),
    user_id bigint NOT NULL,
    payment_provider text NOT NULL,
    notification jsonb NOT NULL,
    verification_response jsonb NOT NULL,
    created_at timestamp without time zone NOT NULL DEFAULT now(),
    CONSTRAINT subscription_logs_pkey PRIMARY KEY (log_id)
);

CREATE TABLE temp_two_factor (
    user_id bigint NOT NULL,
    two_factor_secret_hash text,
    encrypted_two_factor_secret bytea,
    two_factor_secret_decryption_nonce bytea,
    creation_time bigint NOT NULL,
    expiration_time bigint NOT NULL,
    CONSTRAINT temp_two_factor_two_factor_secret_hash_key UNIQUE (two_factor_secret_hash)
);

CREATE TABLE two_factor_used_codes (
    user_id bigint NOT NULL,
    code_hash text NOT NULL,
    used_at bigint NOT NULL,
    CONSTRAINT two_factor_used_codes_pkey PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE webauthn_sessions (
    id uuid NOT NULL,
    challenge text NOT NULL,
    user_id bigint NOT NULL,
    allowed_credential_ids text NOT NULL,
    expires_at bigint NOT NULL,
    user_verification_requirement text NOT NULL,
    extensions text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    rp_id text,
    CONSTRAINT webauthn_sessions_challenge_key UNIQUE (challenge),
    CONSTRAINT webauthn_sessions_pkey PRIMARY KEY (id)
);

CREATE TABLE legacy_kit_recovery_session (
    id uuid NOT NULL,
    kit_id uuid NOT NULL,
    user_id bigint NOT NULL,
    status text NOT NULL,
    effective_notice_period_in_hrs integer NOT NULL,
    wait_till bigint NOT NULL,
    next_reminder_at bigint,
    initiators jsonb NOT NULL DEFAULT '[]',
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    updated_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT legacy_kit_recovery_session_pkey PRIMARY KEY (id),
    CONSTRAINT legacy_kit_recovery_session_status_check CHECK ((status IN ('WAITING', 'READY', 'BLOCKED', 'CANCELLED', 'RECOVERED')))
);

CREATE TABLE legacy_kit_recovery_session_token (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    token_hash text NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT legacy_kit_recovery_session_token_token_hash_key UNIQUE (token_hash),
    CONSTRAINT legacy_kit_recovery_session_token_pkey PRIMARY KEY (id)
);

CREATE TABLE legacy_kit_challenge (
    id uuid NOT NULL,
    kit_id uuid NOT NULL,
    challenge_hash text NOT NULL,
    expires_at bigint NOT NULL,
    created_at bigint NOT NULL DEFAULT now_utc_micro_seconds(),
    CONSTRAINT legacy_kit_challenge_pkey PRIMARY KEY (id)
);

ALTER TABLE key_attributes ADD CONSTRAINT fk_key_attributes_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE srp_auth ADD CONSTRAINT fk_srp_auth_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE two_factor ADD CONSTRAINT fk_two_factor_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE tokens ADD CONSTRAINT fk_tokens_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE push_tokens ADD CONSTRAINT fk_push_tokens_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE subscriptions ADD CONSTRAINT fk_subscriptions_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE usage ADD CONSTRAINT fk_usage_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE remote_store ADD CONSTRAINT fk_remote_store_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE notification_history ADD CONSTRAINT fk_notification_history_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE families ADD CONSTRAINT fk_family_admin_id FOREIGN KEY (admin_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE collections ADD CONSTRAINT fk_collections_owner_id FOREIGN KEY (owner_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE collection_shares ADD CONSTRAINT fk_collection_shares_collection_id FOREIGN KEY (collection_id) REFERENCES collections(collection_id) ON DELETE CASCADE;
ALTER TABLE collection_shares ADD CONSTRAINT fk_collection_shares_from_user_id FOREIGN KEY (from_user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE collection_shares ADD CONSTRAINT fk_collection_shares_to_user_id FOREIGN KEY (to_user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE collection_files ADD CONSTRAINT fk_collection_files_collection_id FOREIGN KEY (collection_id) REFERENCES collections(collection_id) ON DELETE CASCADE;
ALTER TABLE collection_files ADD CONSTRAINT fk_collection_files_file_id FOREIGN KEY (file_id) REFERENCES files(file_id) ON DELETE CASCADE;
ALTER TABLE files ADD CONSTRAINT fk_files_owner_id FOREIGN KEY (owner_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE trash ADD CONSTRAINT fk_trash_keys_collection_files FOREIGN KEY (file_id, collection_id) REFERENCES collection_files(file_id, collection_id);
ALTER TABLE object_keys ADD CONSTRAINT fk_object_keys_file_id FOREIGN KEY (file_id) REFERENCES files(file_id) ON DELETE CASCADE;
ALTER TABLE object_copies ADD CONSTRAINT fk_object_copies_object_key FOREIGN KEY (object_key) REFERENCES object_keys(object_key) ON DELETE CASCADE;
ALTER TABLE user_attachments ADD CONSTRAINT fk_user_attachments_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE authenticator_key ADD CONSTRAINT fk_authenticator_key_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE authenticator_entity ADD CONSTRAINT fk_authenticator_key_user_id FOREIGN KEY (user_id) REFERENCES authenticator_key(user_id) ON DELETE CASCADE;
ALTER TABLE entity_key ADD CONSTRAINT fk_entity_key_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE entity_data ADD CONSTRAINT fk_entity_key_user_id_and_type FOREIGN KEY (user_id, type) REFERENCES entity_key(user_id, type) ON DELETE CASCADE;
ALTER TABLE contact_entity ADD CONSTRAINT fk_contact_entity_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE emergency_contact ADD CONSTRAINT fk_emergency_contact_emergency_contact_id FOREIGN KEY (emergency_contact_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE emergency_contact ADD CONSTRAINT fk_emergency_contact_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE legacy_kit ADD CONSTRAINT legacy_kit_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE comments ADD CONSTRAINT fk_comments_anon_user FOREIGN KEY (anon_user_id) REFERENCES anon_users(id);
ALTER TABLE reactions ADD CONSTRAINT fk_reactions_anon_user FOREIGN KEY (anon_user_id) REFERENCES anon_users(id);
ALTER TABLE memory_shares ADD CONSTRAINT memory_shares_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(user_id);
ALTER TABLE memory_share_files ADD CONSTRAINT memory_share_files_memory_share_id_fkey FOREIGN KEY (memory_share_id) REFERENCES memory_shares(id) ON DELETE CASCADE;
ALTER TABLE public_collection_tokens ADD CONSTRAINT fk_public_tokens_collection_id FOREIGN KEY (collection_id) REFERENCES collections(collection_id) ON DELETE CASCADE;
ALTER TABLE passkeys ADD CONSTRAINT fk_passkeys_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE passkey_credentials ADD CONSTRAINT fk_passkey_credentials_passkey_id FOREIGN KEY (passkey_id) REFERENCES passkeys(id) ON DELETE CASCADE;
ALTER TABLE temp_srp_setup ADD CONSTRAINT fk_temp_srp_setup_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE two_factor_sessions ADD CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE embeddings ADD CONSTRAINT fk_embeddings_file_id FOREIGN KEY (file_id) REFERENCES files(file_id) ON DELETE CASCADE;
ALTER TABLE emergency_recovery ADD CONSTRAINT fk_emergency_recovery_emergency_contact_id FOREIGN KEY (emergency_contact_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE emergency_recovery ADD CONSTRAINT fk_emergency_recovery_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE passkey_login_sessions ADD CONSTRAINT fk_passkey_login_sessions_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE public_abuse_report ADD CONSTRAINT fk_public_abuse_report_token_id FOREIGN KEY (share_id) REFERENCES public_collection_tokens(id) ON DELETE CASCADE;
ALTER TABLE public_collection_access_history ADD CONSTRAINT fk_public_history_token_id FOREIGN KEY (share_id) REFERENCES public_collection_tokens(id) ON DELETE CASCADE;
ALTER TABLE public_file_tokens_access_history ADD CONSTRAINT fk_public_file_history_token_id FOREIGN KEY (id) REFERENCES public_file_tokens(id) ON DELETE CASCADE;
ALTER TABLE subscription_logs ADD CONSTRAINT fk_subscription_logs_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE temp_two_factor ADD CONSTRAINT fk_two_factor_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE two_factor_used_codes ADD CONSTRAINT fk_two_factor_used_codes_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE webauthn_sessions ADD CONSTRAINT fk_webauthn_sessions_user_id FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE legacy_kit_recovery_session ADD CONSTRAINT legacy_kit_recovery_session_kit_id_fkey FOREIGN KEY (kit_id) REFERENCES legacy_kit(id) ON DELETE CASCADE;
ALTER TABLE legacy_kit_recovery_session ADD CONSTRAINT legacy_kit_recovery_session_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(user_id) ON DELETE CASCADE;
ALTER TABLE legacy_kit_recovery_session_token ADD CONSTRAINT legacy_kit_recovery_session_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES legacy_kit_recovery_session(id) ON DELETE CASCADE;
ALTER TABLE legacy_kit_challenge ADD CONSTRAINT legacy_kit_challenge_kit_id_fkey FOREIGN KEY (kit_id) REFERENCES legacy_kit(id) ON DELETE CASCADE;

CREATE TRIGGER update_srp_auth_updated_at BEFORE UPDATE ON srp_auth FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_srp_sessions_updated_at BEFORE UPDATE ON srp_sessions FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_push_tokens_updated_at BEFORE UPDATE ON push_tokens FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_remote_store_updated_at BEFORE UPDATE ON remote_store FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_families_updated_at BEFORE UPDATE ON families FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_trash_updated_at BEFORE UPDATE ON trash FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_object_keys_updated_at BEFORE UPDATE ON object_keys FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_user_attachments_updated_at BEFORE UPDATE ON user_attachments FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_queue_updated_at BEFORE UPDATE ON queue FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_authenticator_entity_updated_at BEFORE UPDATE ON authenticator_entity FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_entity_data_updated_at BEFORE UPDATE ON entity_data FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_contact_entity_updated_at BEFORE UPDATE ON contact_entity FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_legacy_kit_updated_at BEFORE UPDATE ON legacy_kit FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_anon_users_updated_at BEFORE UPDATE ON anon_users FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_comments_updated_at BEFORE UPDATE ON comments FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_reactions_updated_at BEFORE UPDATE ON reactions FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_public_collection_tokens_updated_at BEFORE UPDATE ON public_collection_tokens FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_public_file_tokens_updated_at BEFORE UPDATE ON public_file_tokens FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_two_factor_recovery_updated_at BEFORE UPDATE ON two_factor_recovery FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_collection_actions_updated_at BEFORE UPDATE ON collection_actions FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_discount_coupons_updated_at BEFORE UPDATE ON discount_coupons FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_events_updated_at BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();
CREATE TRIGGER update_legacy_kit_recovery_session_updated_at BEFORE UPDATE ON legacy_kit_recovery_session FOR EACH ROW EXECUTE FUNCTION trigger_updated_at_microseconds_column();

CREATE INDEX collection_files_collection_id_index ON collection_files (collection_id);
CREATE INDEX collection_files_file_id_index ON collection_files (file_id);
CREATE UNIQUE INDEX collections_favorites_constraint_index_v2 ON collections (owner_id, app) WHERE type = 'favorites';
CREATE UNIQUE INDEX collections_uncategorized_constraint_index_v2 ON collections (owner_id, app) WHERE type = 'uncategorized';
CREATE INDEX trash_updated_at_time_index ON trash (updated_at);
CREATE UNIQUE INDEX name_and_item_unique_index ON queue (queue_name, item);
CREATE UNIQUE INDEX casting_code_unique_idx ON casting (code) WHERE (is_deleted = false);
CREATE UNIQUE INDEX discount_coupons_provider_user_unique ON discount_coupons (provider_name, claimed_by_user_id) WHERE (claimed_by_user_id IS NOT NULL);
CREATE UNIQUE INDEX idx_emergency_recovery_limit_active_recovery ON emergency_recovery (user_id, emergency_contact_id, status) WHERE (status IN ('WAITING', 'READY'));
CREATE UNIQUE INDEX events_id_event_idx ON events (id, event);
CREATE UNIQUE INDEX referral_codes_user_id_is_active_idx ON referral_codes (user_id, is_active) WHERE (is_active = true);
CREATE UNIQUE INDEX referral_tracking_invitee_id_idx ON referral_tracking (invitee_id);
CREATE UNIQUE INDEX idx_legacy_kit_recovery_active_per_kit ON legacy_kit_recovery_session (kit_id) WHERE (status IN ('WAITING', 'READY'));
ALTER SEQUENCE files_file_id_seq OWNED BY files.file_id;
ALTER SEQUENCE queue_queue_id_seq OWNED BY queue.queue_id;
ALTER SEQUENCE subscriptions_subscription_id_seq OWNED BY subscriptions.subscription_id;
ALTER SEQUENCE subscription_logs_log_id_seq OWNED BY subscription_logs.log_id;
ALTER SEQUENCE memory_shares_id_seq OWNED BY memory_shares.id;
ALTER SEQUENCE memory_share_files_id_seq OWNED BY memory_share_files.id;
