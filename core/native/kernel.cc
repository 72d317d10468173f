#include "kernel.h"

namespace gradfold {

namespace {

template <typename Value>
Value Attribute(TF_OpKernelConstruction* construction, const char* name,
                void (*get)(TF_OpKernelConstruction*, const char*, Value*, TF_Status*)) {
  Value value = 0;
  TF_Status* status = TF_NewStatus();
  get(construction, name, &value, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return value;
}

}  // namespace

float FloatAttribute(TF_OpKernelConstruction* construction, const char* name) {
  return Attribute<float>(construction, name, TF_OpKernelConstruction_GetAttrFloat);
}

int32_t IntegerAttribute(TF_OpKernelConstruction* construction, const char* name) {
  return Attribute<int32_t>(construction, name, TF_OpKernelConstruction_GetAttrInt32);
}

bool RegisterKernel(const Signature& signature, void* (*create)(TF_OpKernelConstruction*),
                    void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*)) {
#if defined(__x86_64__)
  // The file is compiled for processors with these; on others the operations stay unknown.
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return false;
#endif
  TF_OpDefinitionBuilder* operation = TF_NewOpDefinitionBuilder(signature.name);
  for (const char* input : signature.inputs) TF_OpDefinitionBuilderAddInput(operation, input);
  for (const char* output : signature.outputs) TF_OpDefinitionBuilderAddOutput(operation, output);
  for (const char* attribute : signature.attributes) TF_OpDefinitionBuilderAddAttr(operation, attribute);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(operation, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_RegisterKernelBuilder(signature.name, TF_NewKernelBuilder(signature.name, "CPU", create, compute, destroy), status);
  }
  const bool registered = TF_GetCode(status) == TF_OK;
  TF_DeleteStatus(status);
  return registered;
}

}  // namespace gradfold
