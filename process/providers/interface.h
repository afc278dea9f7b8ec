/* The functions of the UMAMI interface, version 1.1, around `particles`, `supported`, `required` and
 * `squared` of the file that includes this one. There is nothing to remember between calls: a handle is
 * empty, and any number of threads may have one each. */
#ifndef THALWEG_INTERFACE_H
#define THALWEG_INTERFACE_H

#include "electroweak.h"

int umami_get_meta(int key, void *out)
{
    switch (key) {
    case META_DEVICE: *(int *)out = 0; return STATUS_OK;
    case META_PARTICLE_COUNT: *(int *)out = particles; return STATUS_OK;
    case META_MASSES:
        for (int i = 0; i < particles; ++i) ((double *)out)[i] = 0.0;
        return STATUS_OK;
    case META_ABI_MAJOR: *(int *)out = 1; return STATUS_OK;
    case META_ABI_MINOR: *(int *)out = 1; return STATUS_OK;
    default: return STATUS_ERROR;
    }
}

int umami_supported_inputs(bool const **list, int *count)
{
    *list = supported;
    *count = INPUTS;
    return STATUS_OK;
}

int umami_required_inputs(bool const **list, int *count)
{
    *list = required;
    *count = INPUTS;
    return STATUS_OK;
}

int umami_initialize(void **handle, char const *param_card)
{
    (void)param_card;
    *handle = NULL;
    return STATUS_OK;
}

int umami_free(void *handle)
{
    (void)handle;
    return STATUS_OK;
}

int umami_matrix_element(void *handle, size_t count, size_t stride, size_t offset, size_t inputs,
                         int const *input_keys, void const *const *input, size_t outputs,
                         int const *output_keys, void *const *output)
{
    double const *momenta = NULL, *alpha_s = NULL;
    int const *flavors = NULL;
    double *values = NULL;
    (void)handle;
    for (size_t i = 0; i < inputs; ++i) {
        switch (input_keys[i]) {
        case IN_MOMENTA: momenta = input[i]; break;
        case IN_ALPHA_S: alpha_s = input[i]; break;
        case IN_FLAVOR_INDEX: flavors = input[i]; break;
        default: return STATUS_ERROR;
        }
    }
    for (size_t i = 0; i < outputs; ++i) {
        if (output_keys[i] != OUT_MATRIX_ELEMENT) return STATUS_ERROR;
        values = output[i];
    }
    if (momenta == NULL || values == NULL || (required[IN_ALPHA_S] && alpha_s == NULL))
        return STATUS_ERROR;
    for (size_t i = offset; i < offset + count; ++i) {
        struct event event = {momenta, (size_t)particles, stride, i};
        int status = squared(&event, alpha_s ? alpha_s[i] : 0.0, flavors ? flavors[i] : 0, values + i);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

#endif
