// Calls any libtorch operator by name: the schema says what each argument must become, the dispatcher does the rest.
#include "abi.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>

#include <cmath>
#include <memory>
#include <vector>

using c10::IValue;

namespace {

// What a schema argument wants, as far as a conversion from what C# sends depends on it.
enum class Wanted { Anything, Tensor, Int, Float, Bool, IntList, FloatList, OptionalTensorList };

struct Parameter {
    Wanted wanted;
    bool has_default;
    IValue default_value;
};

struct Operator {
    c10::OperatorHandle handle;
    std::vector<Parameter> parameters;
};

// optional<IValue> is c10's or std's, by libtorch version: this makes the same kind of optional of a tensor.
template <class Optional> struct OptionalTensorOf;
template <template <class> class Optional, class T> struct OptionalTensorOf<Optional<T>> { using type = Optional<at::Tensor>; };
using OptionalTensor = OptionalTensorOf<std::decay_t<decltype(std::declval<const c10::Argument&>().default_value())>>::type;

Wanted wanted_by(const c10::TypePtr& type, bool may_be_none) {
    switch (type->kind()) {
        case c10::TypeKind::OptionalType: return wanted_by(type->castRaw<c10::OptionalType>()->getElementType(), true);
        case c10::TypeKind::TensorType: return may_be_none ? Wanted::Anything : Wanted::Tensor;
        case c10::TypeKind::IntType: return Wanted::Int;
        case c10::TypeKind::FloatType: return Wanted::Float;
        case c10::TypeKind::BoolType: return Wanted::Bool;
        case c10::TypeKind::ListType: {
            const auto element = type->castRaw<c10::ListType>()->getElementType();
            if (element->kind() == c10::TypeKind::IntType) return Wanted::IntList;
            if (element->kind() == c10::TypeKind::FloatType) return Wanted::FloatList;
            if (element->kind() == c10::TypeKind::OptionalType) return Wanted::OptionalTensorList;
            return Wanted::Anything;
        }
        default: return Wanted::Anything;
    }
}

template <class List> IValue filled(List list, const px::Value& from) {
    const auto* tensors = static_cast<at::Tensor* const*>(from.pointer);
    list.reserve(from.count);
    for (int32_t i = 0; i < from.count; i++) list.push_back(tensors[i] == nullptr ? typename List::value_type() : *tensors[i]);
    return list;
}

IValue converted_integer(int64_t value, Wanted wanted) {
    switch (wanted) {
        case Wanted::Float: return static_cast<double>(value);
        case Wanted::Bool: return value != 0;
        case Wanted::IntList: return c10::List<int64_t>({value});
        case Wanted::FloatList: return c10::List<double>({static_cast<double>(value)});
        default: return value;
    }
}

IValue converted_number(double value, Wanted wanted) {
    switch (wanted) {
        case Wanted::Int:
            TORCH_CHECK(value == std::floor(value), "expected an integer but found ", value);
            return static_cast<int64_t>(value);
        case Wanted::FloatList: return c10::List<double>({value});
        default: return value;
    }
}

IValue converted(const px::Value& value, Wanted wanted) {
    switch (value.tag) {
        case px::None: return wanted == Wanted::Tensor ? IValue(at::Tensor()) : IValue();
        case px::Tensor: return px::tensor(value.pointer);
        case px::Bool: return wanted == Wanted::Anything || wanted == Wanted::Bool ? IValue(value.integer != 0) : converted_integer(value.integer, wanted);
        case px::Long: return converted_integer(value.integer, wanted);
        case px::Double: return converted_number(value.number, wanted);
        case px::LongList: {
            const auto* items = static_cast<const int64_t*>(value.pointer);
            if (wanted == Wanted::FloatList) return std::vector<double>(items, items + value.count);
            return c10::IntArrayRef(items, value.count);
        }
        case px::DoubleList: {
            const auto* items = static_cast<const double*>(value.pointer);
            return std::vector<double>(items, items + value.count);
        }
        case px::BoolList: {
            const auto* items = static_cast<const uint8_t*>(value.pointer);
            c10::List<bool> list;
            for (int32_t i = 0; i < value.count; i++) list.push_back(items[i] != 0);
            return list;
        }
        case px::Device: return px::device(value.integer);
        case px::Generator: return *static_cast<at::Generator*>(value.pointer);
        case px::String: return std::string(static_cast<const char*>(value.pointer), value.count);
        case px::TensorList: return wanted == Wanted::OptionalTensorList ? filled(c10::List<OptionalTensor>(), value) : filled(c10::List<at::Tensor>(), value);
        default: TORCH_CHECK(false, "unknown argument tag ", value.tag);
    }
}

px::Value returned(IValue& value) {
    px::Value result{px::None, 0, {0}};
    if (value.isTensor()) {
        result.tag = px::Tensor;
        result.pointer = px::handle(std::move(value).toTensor());
    } else if (value.isBool()) {
        result.tag = px::Bool;
        result.integer = value.toBool();
    } else if (value.isInt()) {
        result.tag = px::Long;
        result.integer = value.toInt();
    } else if (value.isDouble()) {
        result.tag = px::Double;
        result.number = value.toDouble();
    } else if (value.isTensorList()) {
        const auto list = value.toTensorVector();
        auto handles = std::make_unique<void*[]>(list.size());
        for (size_t i = 0; i < list.size(); i++) handles[i] = px::handle(list[i]);
        result.tag = px::TensorList;
        result.count = static_cast<int32_t>(list.size());
        result.pointer = handles.release();
    } else {
        TORCH_CHECK(value.isNone(), "a result of type ", value.tagKind(), " cannot be handed to C#");
    }
    return result;
}

} // namespace

// 1: *op is the operator, for the life of the process; 0: this libtorch has no such operator; -1: error.
PX_API int32_t px_operator_find(const char* name, const char* overload, void** op) {
    return px::guarded(-1, [&] {
        const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
        if (!found.has_value()) return 0;
        std::vector<Parameter> parameters;
        for (const auto& argument : found->schema().arguments()) {
            const auto& value = argument.default_value();
            parameters.push_back({wanted_by(argument.type(), false), value.has_value(), value.has_value() ? *value : IValue()});
        }
        *op = new Operator{*found, std::move(parameters)};
        return 1;
    });
}

// The number of results, of which the first `capacity` were written and the others dropped; -1: error.
PX_API int32_t px_operator_call(const void* op, const px::Value* arguments, int32_t count, px::Value* results, int32_t capacity) {
    return px::guarded(-1, [&] {
        const auto& self = *static_cast<const Operator*>(op);
        const auto& parameters = self.parameters;
        TORCH_CHECK(static_cast<size_t>(count) <= parameters.size(), self.handle.schema().name(), " takes ", parameters.size(), " arguments, not ", count);
        torch::jit::Stack stack;
        stack.reserve(parameters.size());
        for (size_t i = 0; i < parameters.size(); i++) {
            const auto& parameter = parameters[i];
            if (i < static_cast<size_t>(count)) {
                stack.push_back(converted(arguments[i], parameter.wanted));
            } else {
                TORCH_CHECK(parameter.has_default, self.handle.schema().name(), " needs a value for argument ", i);
                stack.push_back(parameter.default_value);
            }
        }
        self.handle.callBoxed(&stack);
        const auto returns = static_cast<int32_t>(stack.size());
        for (int32_t i = 0; i < returns && i < capacity; i++) results[i] = returned(stack[i]);
        return returns;
    });
}

// Frees the array of handles of a TensorList result; the handles themselves belong to the caller.
PX_API void px_list_free(void* handles) {
    delete[] static_cast<void**>(handles);
}
