-- The operations of src/sandbox/jail.rs, in their order; hosts and init scripts have them.
return [[
    void *new(void);
    void free(void *);
    int32_t parameter(void *, const char *, size_t, const char *, size_t);
    int32_t wanted(void *, const char *, size_t);
    int32_t set(void *, int32_t);
    int32_t get(void *, int32_t);
    int32_t value(void *, int32_t, char *, int32_t);
    int32_t remove(int32_t);
    int32_t all(int32_t, char *, int32_t);
    int32_t limit_stdio(void);
    int32_t set_no_new_privs(void); ]]
