// What kernels need of TensorFlow's C interface.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

namespace gradfold {

// A tensor of float32 or int32, which is let go of at the end of its scope; the numbers belong to TensorFlow.
class Tensor {
 public:
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor) {}
  Tensor(Tensor&& other) noexcept : tensor_(other.tensor_) { other.tensor_ = nullptr; }
  ~Tensor() { if (tensor_) TF_DeleteTensor(tensor_); }

  float* floats() const { return static_cast<float*>(TF_TensorData(tensor_)); }
  const int32_t* integers() const { return static_cast<const int32_t*>(TF_TensorData(tensor_)); }
  int64_t dim(int axis) const { return TF_Dim(tensor_, axis); }
  int64_t size() const { return TF_TensorElementCount(tensor_); }

  std::vector<int64_t> shape() const {
    std::vector<int64_t> dims;
    for (int axis = 0; axis < TF_NumDims(tensor_); axis++) dims.push_back(dim(axis));
    return dims;
  }

 private:
  TF_Tensor* tensor_;
};

// One call of a kernel. Shapes were checked by who calls the operation.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    TF_DeleteStatus(status_);
  }

  Tensor Input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    return Tensor(tensor);
  }

  Tensor Output(int index, const std::vector<int64_t>& shape) {
    int64_t size = 1;
    for (const int64_t length : shape) size *= length;
    return Tensor(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                    size * sizeof(float), status_));
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
};

// A number that an operation is given beside its tensors.
float FloatAttribute(TF_OpKernelConstruction* construction, const char* name);
int32_t IntegerAttribute(TF_OpKernelConstruction* construction, const char* name);

// Makes an operation of a kernel known to TensorFlow. `Kernel` is built from a TF_OpKernelConstruction* once for each set
// of attributes, and has Compute(Call&).
struct Signature {
  const char* name;
  std::initializer_list<const char*> inputs, outputs, attributes;
};

bool RegisterKernel(const Signature& signature, void* (*create)(TF_OpKernelConstruction*),
                    void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));

template <typename Kernel>
bool Register(const Signature& signature) {
  return RegisterKernel(
      signature, [](TF_OpKernelConstruction* construction) -> void* { return new Kernel(construction); },
      [](void* kernel, TF_OpKernelContext* context) {
        Call call(context);
        static_cast<Kernel*>(kernel)->Compute(call);
      },
      [](void* kernel) { delete static_cast<Kernel*>(kernel); });
}

}  // namespace gradfold
